"""Weighted shares of groups beside those of the population, with their effective sample sizes.

A *block* is a set of mutually exclusive options: the answers to a question, or the values of a trait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from personaspace.errors import SettingError, SurveyError
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.statistics import contrast_size, difference, effective_size, exact_p
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import positions
from personaspace.survey.option_sums import option_shares, repeat_options, sum_options
from personaspace.survey.survey import Survey


def membership(personas: Personas, survey: Survey) -> tuple[list[Persona], csr_array]:
    """The personas that stand for groups, and the matrix of their members.

    Args:
        personas: Those without at least two members (single respondents, mixtures) are left out.
        survey: Members are found in it by id; others are ignored.

    Returns:
        The groups, and a matrix of ones, shape ``[groups, respondents]``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups = [persona for persona in personas if len(persona.members) > 1]
    if not groups:
        raise SettingError("no persona has two members: profiles describe clusters and demographic groups")
    found = [positions(group.members, survey.respondent_index) for group in groups]
    rows = np.concatenate(found)
    group = np.repeat(np.arange(len(groups)), [len(row) for row in found])
    group, rows = group[rows >= 0], rows[rows >= 0]
    missing = np.setdiff1d(np.arange(len(groups)), group)
    if len(missing):
        raise SurveyError(
            f"no member of persona {groups[int(missing[0])].name!r} is in {survey!r}: "
            "give the survey the personas were made from"
        )
    return groups, csr_array((np.ones(len(rows)), (group, rows)), shape=(len(groups), len(survey.respondents)))


def totals(members: csr_array, weights: FloatArray, has: csr_array) -> FloatArray:
    """Weighted number of each group's members with each property.

    Args:
        members: Shape ``[groups, respondents]``.
        weights: Weight of each respondent, shape ``[respondents]``.
        has: 1 where a respondent has a property, shape ``[respondents, properties]``.

    Returns:
        Shape ``[groups, properties]``.
    """
    weighted = csr_array((members.data * weights[members.indices], members.indices, members.indptr), members.shape)
    return np.asarray((weighted @ has).toarray(), dtype=np.float64)


def everybody(survey: Survey) -> csr_array:
    """The population as one group of all respondents, shape ``[1, respondents]``."""
    return csr_array(np.ones((1, len(survey.respondents))))


@dataclass(frozen=True, eq=False)
class Shares:
    """Weighted shares of groups, of the rest of the population outside each group, and of the population.

    Attributes:
        names: The groups.
        offsets: Start of each block's options, shape ``[blocks + 1]``.
        counts: Members with each option, unweighted, shape ``[groups, options]``.
        share: Share of each option among members with any option of the block; NaN where there are none; shape
            ``[groups, options]``.
        rest: The same outside the group.
        population: The same in the whole population, shape ``[options]``.
        size: Effective sample size of each group's block, shape ``[groups, blocks]``.
        rest_size: The same outside the group.
        part: The group's part of the population's weight in the block, shape ``[groups, blocks]``.
    """

    names: tuple[str, ...]
    offsets: IntArray
    counts: FloatArray
    share: FloatArray
    rest: FloatArray
    population: FloatArray
    size: FloatArray
    rest_size: FloatArray
    part: FloatArray

    @property
    def contrast_size(self) -> FloatArray:
        """Effective sample size of share - population, shape ``[groups, blocks]``."""
        return contrast_size(self.size, self.rest_size, self.part)

    @property
    def population_size(self) -> FloatArray:
        """Everybody's effective sample size: that of the parts of a whole, whose variances add up; ``[blocks]``."""
        part, rest = self.part[0], 1 - self.part[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.nan_to_num(part**2 / self.size[0]) + np.nan_to_num(rest**2 / self.rest_size[0])
            return np.asarray(np.where(variance > 0, 1 / variance, 0.0))

    def differences(self) -> tuple[FloatArray, FloatArray]:
        """Both ends of the 95% interval of every share minus the population's, each ``[groups, options]``."""
        size, rest_size, part = (self.over_options(of) for of in (self.size, self.rest_size, self.part))
        return difference(self.share, size, np.where(rest_size > 0, self.rest, self.share), rest_size, part)

    def p_values(self) -> FloatArray:
        """Exact p-values of every share against the population's, shape ``[groups, options]``.

        Group and rest both differ from the population or neither does. The one of smaller effective size is tested: a
        binomial test of the larger would treat the share of the smaller as known.
        """
        swapped = self.rest_size < self.size
        size = np.where(swapped, contrast_size(self.rest_size, self.size, 1 - self.part), self.contrast_size)
        share = np.where(self.over_options(swapped.astype(np.float64)) > 0, self.rest, self.share)
        return exact_p(share, self.population, self.over_options(size))

    def over_options(self, values: FloatArray) -> FloatArray:
        """One value per block, repeated for its options: ``[..., blocks]`` to ``[..., options]``."""
        return repeat_options(values, self.offsets)

    def over_blocks(self, values: FloatArray) -> FloatArray:
        """Sums over each block's options: ``[..., options]`` to ``[..., blocks]``."""
        return sum_options(values, self.offsets)


def compare(personas: Personas, survey: Survey, chosen: csr_array, offsets: IntArray) -> Shares:
    """Compute the shares of each persona's members and of the population.

    Args:
        personas: Those without at least two members are left out.
        survey: The population and its weights.
        chosen: 1 where a respondent has an option, shape ``[respondents, options]``.
        offsets: Start of each block's options; no block is empty.

    Returns:
        The shares.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups, members = membership(personas, survey)
    weight, ones = survey.weight, np.ones(len(survey.respondents))
    mine, everyone = totals(members, weight, chosen), totals(everybody(survey), weight, chosen)
    others = np.maximum(everyone - mine, 0)
    squares = sum_options(totals(members, weight**2, chosen), offsets)
    other_squares = np.maximum(sum_options(totals(everybody(survey), weight**2, chosen), offsets) - squares, 0)
    asked, other_asked = sum_options(mine, offsets), sum_options(others, offsets)
    with np.errstate(invalid="ignore"):
        part = asked / sum_options(everyone, offsets)
    return Shares(
        names=tuple(group.name for group in groups),
        offsets=offsets,
        counts=totals(members, ones, chosen),
        share=option_shares(mine, offsets),
        rest=option_shares(others, offsets),
        population=option_shares(everyone, offsets)[0],
        size=effective_size(asked, squares),
        rest_size=effective_size(other_asked, other_squares),
        part=part,
    )


def trait_choices(survey: Survey) -> tuple[csr_array, IntArray, list[tuple[str, str]]]:
    """Indicator matrix of the respondents' trait values.

    Args:
        survey: Traits without any known value are left out.

    Returns:
        1 where a respondent has a value, shape ``[respondents, values of all traits]``; the start of each trait's
        values; and the trait and value of each column, values in the order the trait has, else in alphabetical order.
    """
    rows, columns, names, offsets = [], [], [], [0]
    for trait in survey.traits.columns:
        codes, values = survey.traits[trait].reset_index(drop=True).factorize(sort=True)
        if not len(values):
            continue
        known = np.flatnonzero(codes >= 0)
        rows.append(known)
        columns.append(offsets[-1] + codes[known])
        names += [(str(trait), str(value)) for value in values]
        offsets.append(len(names))
    row, column = (np.concatenate(part) if part else np.empty(0, np.int64) for part in (rows, columns))
    has = csr_array((np.ones(len(row)), (row, column)), shape=(len(survey.respondents), len(names)))
    return has, np.array(offsets, dtype=np.int64), names


def answer_choices(survey: Survey) -> tuple[csr_array, IntArray]:
    """Indicator matrix of the options chosen, ``[respondents, options]``, and the start of each question's options."""
    cells = (survey.answers.respondent, survey.option_nodes)
    shape = (len(survey.respondents), int(survey.offsets[-1]))
    return csr_array((np.ones(len(survey.answers)), cells), shape=shape), survey.offsets
