"""Profiles: who the members of personas are and what they really answered, as tidy tables.

Shares are weighted by the survey's weights, counts of respondents and answers are not. Only personas with at least
two members are described: a single respondent or a mixture has no profile.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.files import write_text
from personaspace.persona.contrast import MIN_ANSWERS, distinguishing_questions, separating_questions
from personaspace.persona.membership import everybody, membership, totals
from personaspace.persona.personas import Personas
from personaspace.survey.survey import Survey


@dataclass(frozen=True, eq=False)
class Profile:
    """Three tables about the same personas.

    Attributes:
        composition: See :func:`composition`.
        distinguishing: See :func:`~personaspace.persona.contrast.distinguishing_questions`.
        separating: See :func:`~personaspace.persona.contrast.separating_questions`.
    """

    composition: pd.DataFrame
    distinguishing: pd.DataFrame
    separating: pd.DataFrame

    def save(self, folder: str | Path) -> None:
        """Write ``profile/composition.csv``, ``distinguishing.csv`` and ``separating.csv`` into a folder.

        Raises:
            RunError: The folder cannot be written.
        """
        for field in fields(self):
            table: pd.DataFrame = getattr(self, field.name)
            write_text(Path(folder) / "profile" / f"{field.name}.csv", table.to_csv(index=False))


def profile(personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS) -> Profile:
    """All three tables at once.

    Args:
        personas: Those to describe.
        survey: The population: answers, traits and weights; members are matched by id.
        min_answers: Questions that fewer members of a persona answered are left out for it.

    Returns:
        The tables.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    return Profile(
        composition(personas, survey),
        distinguishing_questions(personas, survey, min_answers),
        separating_questions(personas, survey, min_answers),
    )


def composition(personas: Personas, survey: Survey) -> pd.DataFrame:
    """Who the members are, beside the population, over every trait.

    Args:
        personas: Those to describe.
        survey: Traits and weights; members are matched by id, the population is everybody in it.

    Returns:
        A row per persona, trait and value: ``persona, trait, value, respondents, share, population_share,
        difference, ratio``. Shares are among those whose value is known and sum to 1 within persona and trait;
        difference is share - population_share, ratio is share / population_share. Where no member's value is known,
        shares are NaN.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.

    Example:
        >>> from personaspace.persona.personas import Persona
        >>> from personaspace.survey.survey import Answers
        >>> traits = pd.DataFrame({"sex": ["f", "f", "m", "m"]})
        >>> survey = Survey(("ann", "eve", "bob", "cy"), (), Answers.empty(), traits)
        >>> trio = Personas([Persona("trio", "cluster", np.zeros(1, np.float32), ("ann", "eve", "bob"))])
        >>> composition(trio, survey)[["persona", "value", "respondents", "share", "difference"]].round(2)
          persona value  respondents  share  difference
        0    trio     f            2   0.67        0.17
        1    trio     m            1   0.33       -0.17
    """
    groups, members = membership(personas, survey)
    parts = [_empty()]
    for trait in survey.traits.columns:
        codes, values = survey.traits[trait].reset_index(drop=True).factorize(sort=True)
        known = np.flatnonzero(codes >= 0)
        has = csr_array((np.ones(len(known)), (known, codes[known])), shape=(len(codes), len(values)))
        weighted = totals(members, survey.weight, has)
        population = totals(everybody(survey), survey.weight, has)
        with np.errstate(invalid="ignore"):
            share, population_share = (part / part.sum(axis=1, keepdims=True) for part in (weighted, population))
        cells = {
            "persona": np.repeat([group.name for group in groups], len(values)),
            "trait": trait,
            "value": np.tile(np.asarray(values, dtype=object), len(groups)),
            "respondents": totals(members, np.ones(len(codes)), has).ravel().astype(np.int64),
            "share": share.ravel(),
            "population_share": np.tile(population_share[0], len(groups)),
        }
        parts.append(pd.DataFrame(cells))
    table = pd.concat(parts[1:] or parts, ignore_index=True)
    return table.assign(
        difference=table["share"] - table["population_share"], ratio=table["share"] / table["population_share"]
    )


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=["persona", "trait", "value", "respondents", "share", "population_share"])
