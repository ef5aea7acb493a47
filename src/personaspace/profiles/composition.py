"""Composition: the traits of personas' members beside those of the population."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.persona.personas import Personas
from personaspace.profiles.shares import compare, trait_choices
from personaspace.profiles.statistics import adjusted, wilson
from personaspace.survey.survey import Survey

SIGNIFICANT = 0.05
"""The false discovery rate at which a difference is called significant."""


def composition(personas: Personas, survey: Survey) -> pd.DataFrame:
    """Compare the traits of personas' members with those of the population.

    Args:
        personas: Those to describe.
        survey: Traits and weights of the population; members are matched by id.

    Returns:
        A row per persona, trait and value, in the order of the trait's values: ``persona, trait, label, value,
        respondents, share, low, high, population_share, population_low, population_high, difference, difference_low,
        difference_high, ratio, adjusted_p, verdict``. ``label`` is what the survey calls the trait. Shares are among
        those whose value is known and sum to 1 within persona and trait; ``low`` and ``high`` are Wilson's 95% interval
        of the share on the effective sample size, ``population_low`` and ``population_high`` that of everybody's;
        ``difference`` is share - population_share with Newcombe's interval
        (:func:`~personaspace.profiles.statistics.difference`), and ``ratio`` (the representation index) share /
        population_share.
        ``adjusted_p`` is of an exact test of the share against the population's, adjusted for all rows of the table
        by Benjamini and Hochberg. ``verdict`` is ``"over"`` or ``"under"`` where it is at most .05, so that at most
        5% of the verdicts are false discoveries on average, and empty elsewhere. Where no member's value is known,
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
        >>> composition(trio, survey)[["persona", "value", "respondents", "share", "low", "high"]].round(2)
          persona value  respondents  share   low  high
        0    trio     f            2   0.67  0.21  0.94
        1    trio     m            1   0.33  0.06  0.79
    """
    has, offsets, names = trait_choices(survey)
    shares = compare(personas, survey, has, offsets)
    low, high = wilson(shares.share, shares.over_options(shares.size))
    population_low, population_high = wilson(shares.population, shares.over_options(shares.population_size))
    excess = shares.share - shares.population
    apart_low, apart_high = shares.differences()
    p = adjusted(shares.p_values().ravel())
    groups = len(shares.names)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = shares.share / shares.population
    return pd.DataFrame(
        {
            "persona": np.repeat(np.array(shares.names, dtype=object), len(names)),
            "trait": np.tile(np.array([trait for trait, _ in names], dtype=object), groups),
            "label": np.tile(
                np.array([survey.trait_labels.get(trait, trait) for trait, _ in names], dtype=object), groups
            ),
            "value": np.tile(np.array([value for _, value in names], dtype=object), groups),
            "respondents": shares.counts.ravel().astype(np.int64),
            "share": shares.share.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "population_share": np.tile(shares.population, groups),
            "population_low": np.tile(population_low, groups),
            "population_high": np.tile(population_high, groups),
            "difference": excess.ravel(),
            "difference_low": apart_low.ravel(),
            "difference_high": apart_high.ravel(),
            "ratio": ratio.ravel(),
            "adjusted_p": p,
            "verdict": np.where(p > SIGNIFICANT, "", np.where(excess.ravel() > 0, "over", "under")),
        }
    )
