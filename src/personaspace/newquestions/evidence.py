"""What is known about a new question, checked: answers of a few people, and shares of everybody or of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd

from personaspace.checks import check_number
from personaspace.errors import SettingError, SurveyError, listed, shown, unknown
from personaspace.newquestions.population import EVERYBODY
from personaspace.survey.arrays import FloatArray
from personaspace.survey.lookup import index_of
from personaspace.survey.question import Question

UNKNOWN_SAMPLE = 1000
"""People that shares are taken to come from where nobody says how many: a usual poll."""
ROUNDED = 0.02
"""How far rounded shares may be from summing to 1."""


class Answer(NamedTuple):
    """A pilot answer.

    Attributes:
        place: The respondent in standard deviations along the axes.
        option: The index of the option chosen.
    """

    place: tuple[float, ...]
    option: int


class Shares(NamedTuple):
    """Shares of the options among a group.

    Attributes:
        group: Trait and value, or :data:`EVERYBODY`.
        counts: People who chose each option.
    """

    group: tuple[str, str]
    counts: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """Everything that is known about a new question.

    Attributes:
        answers: The pilot's, by respondent.
        shares: Of everybody and of groups.
    """

    answers: Mapping[str, Answer]
    shares: tuple[Shares, ...] = ()

    def with_answers(self, answers: Mapping[str, Answer]) -> Evidence:
        """These answers beside the others; :class:`SurveyError` where somebody said something else before."""
        for respondent, answer in answers.items():
            if self.answers.get(respondent, answer).option != answer.option:
                raise SurveyError(f"respondent {shown(respondent)} has given two different answers: keep one of them")
        return Evidence(dict(sorted({**self.answers, **answers}.items())), self.shares)

    def with_shares(self, shares: list[Shares]) -> Evidence:
        """These shares beside the others."""
        return Evidence(self.answers, tuple(sorted([*self.shares, *shares])))


NOTHING = Evidence({})


def options_chosen(question: Question, answers: Mapping[str, object]) -> dict[str, int]:
    """The option that each pilot respondent chose.

    Args:
        question: The question.
        answers: By respondent the text of an option; for a question on a scale, a number.

    Raises:
        SettingError: No answers, or something else was given.
        UnknownNameError: The question has no such option.
        SurveyError: A number is off the scale.
    """
    if not isinstance(answers, Mapping):
        raise SettingError(f"pilot answers are {shown(answers)}: give a mapping from respondent to option")
    if not answers:
        raise SettingError("no pilot answers: give at least one, as a mapping from respondent to option")
    index = index_of(option.text for option in question.options)
    return {str(who): _option(question, index, str(who), given) for who, given in answers.items()}


def _option(question: Question, index: Mapping[str, int], who: str, given: object) -> int:
    if (scale := question.scale) is not None and isinstance(given, Real) and not isinstance(given, bool):
        number = float(given)
        if not scale.low <= number <= scale.high:
            raise SurveyError(f"respondent {shown(who)} answered {number:g}, which is off the scale from {scale}")
        return int(scale.nearest(np.array([number]))[0])
    if not isinstance(given, str):
        raise SettingError(f"respondent {shown(who)} answered {given!r}: give the text of one of the options")
    if given not in index:
        raise unknown("option", given, index)
    return index[given]


def topline_of(question: Question, shares: Mapping[str, float], n: float | None) -> Shares:
    """Published shares of everybody, as counts of a sample.

    Args:
        question: The question.
        shares: By the text of the option, summing to 1 or to 100; an option that is not named has none.
        n: People who were asked; a usual poll's where not known.

    Raises:
        SettingError: Something else was given, or n is below 1.
        UnknownNameError: The question has no such option.
        SurveyError: A share is negative, or they sum to something else.
    """
    people = UNKNOWN_SAMPLE if n is None else check_number("n", n, 1)
    return Shares(EVERYBODY, tuple((_shares(question, shares, "the topline") * people).tolist()))


def crosstab_of(
    question: Question, table: pd.DataFrame, n: float | None, groups: Mapping[tuple[str, str], float]
) -> list[Shares]:
    """Published shares of groups, as counts of a sample.

    All traits are of the same people, so each counts for one part in as many as there are traits.

    Args:
        question: The question.
        table: A row per group, indexed by trait and value; a column per option. Shares that sum to 1 or to 100, or
            counts of people.
        n: People who were asked in all, where shares are given; a usual poll's where not known.
        groups: The share of the population in every known group.

    Raises:
        SettingError: Something else was given, or n is below 1.
        UnknownNameError: There is no such trait, group or option.
        SurveyError: A share is negative, or they sum to something else.
    """
    if not isinstance(table, pd.DataFrame) or table.index.nlevels != 2 or table.empty:
        raise SettingError("a crosstab is a DataFrame with a row per group, indexed by trait and value")
    people = UNKNOWN_SAMPLE if n is None else check_number("n", n, 1)
    traits = len(table.index.get_level_values(0).unique())
    found = []
    for group, row in zip(table.index.map(_names), table.to_dict("records"), strict=True):
        if group not in groups:
            raise unknown("group", "=".join(group), map("=".join, groups))
        given = {str(option): float(count) for option, count in row.items()}
        total = sum(given.values())
        counted = n is None and not _whole(total) and all(count == round(count) for count in given.values())
        size = total if counted else people * groups[group]
        scaled = {option: count / total for option, count in given.items()} if counted and total > 0 else given
        shares = _shares(question, scaled, f"the group {group[0]}={group[1]}")
        found.append(Shares(group, tuple((shares * size / traits).tolist())))
    return found


def _names(group: tuple[object, object]) -> tuple[str, str]:
    return str(group[0]), str(group[1])


def _whole(total: float) -> bool:
    return abs(total - 1) <= ROUNDED or abs(total - 100) <= 100 * ROUNDED


def _shares(question: Question, shares: Mapping[str, float], where: str) -> FloatArray:
    if not isinstance(shares, Mapping):
        raise SettingError(f"{where} is {shown(shares)}: give a mapping from option to share")
    index = index_of(option.text for option in question.options)
    found = np.zeros(len(index))
    for option, share in shares.items():
        if option not in index:
            raise unknown("option", str(option), index)
        if not isinstance(share, Real) or not math.isfinite(share) or share < 0:
            raise SurveyError(f"{where} gives {shown(option)} a share of {share}: shares are 0 or more")
        found[index[option]] = float(share)
    if not _whole(float(found.sum())):
        raise SurveyError(
            f"the shares of {where} sum to {found.sum():g}, not to 1 or to 100; they name {listed(shares)} of "
            f"{listed(index)}: leave refusals out and give each option's share of those who answered"
        )
    total: FloatArray = found / found.sum()
    return total
