"""Evidence that clusters are real, and what becomes of those too small to stand alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from personaspace.persona.answer_space import Crowd
from personaspace.persona.clusterers import Clustering
from personaspace.persona.given_answers import MEASURES, GivenAnswers
from personaspace.survey.survey import FloatArray

SMALLEST_SHARE = 0.01
SMALLEST, SMALL_SURVEY = 30, 0.05
FEWEST = 10
"""Fewer respondents are never kept as a minority: they cannot be told from chance, and might be recognised."""

FOUND_AGAIN = 0.75
"""The Jaccard index from which Hennig (2007) calls a cluster valid and stable."""


class Floor(NamedTuple):
    """What a cluster needs to stand alone: members, and a share of the weight."""

    members: int
    share: float


def floor(smallest: int | None, respondents: int) -> Floor:
    """The least size of a cluster.

    Args:
        smallest: Members, if the user named a number.
        respondents: How many there are.

    Returns:
        By default 30 members (5% of a survey of fewer than 600) and 1% of the weight.
    """
    if smallest is not None:
        return Floor(smallest, 0.0)
    return Floor(max(1, min(SMALLEST, int(SMALL_SURVEY * respondents))), SMALLEST_SHARE)


def evidence(crowd: Crowd, clustering: Clustering, found_again: FloatArray, limit: Floor, seed: int) -> pd.DataFrame:
    """One row per cluster: how large, how different, and whether that is real.

    Args:
        crowd: The respondents.
        clustering: Their clusters.
        found_again: See :meth:`~personaspace.persona.stability.Resamples.found_again`.
        limit: What a cluster needs to stand alone.
        seed: Seed of the random groups.

    Returns:
        ``respondents`` and weighted ``share``. ``tv``, the mean total variation between the members' answers and
        everybody's over all questions, each counting by the members' answers to it, and ``tv_by_chance``, what 19 of
        20 random groups of that size stay below. ``gain``, by how many nats the members' answers that no stage
        trained on are better predicted by the cluster's other answers than by everybody's, with its 95% interval
        ``low`` to ``high`` (linearised, members as primary units). ``found_again``. ``verdict``: "large", as the
        largest always is; or below the floor "minority" where the cluster is found again (at least .75), its gain is
        not chance (``low`` above 0) and it has ten members; else "too small". Without a survey the columns on answers
        are NaN, and being found again must do.
    """
    rows = []
    answers = GivenAnswers.of(crowd)
    for cluster in range(len(clustering.centres)):
        mine = np.flatnonzero(clustering.labels == cluster)
        share = float(crowd.weights[mine].sum() / crowd.weights.sum())
        row = {"respondents": len(mine), "share": share, **dict.fromkeys(MEASURES, np.nan)}
        if answers and len(mine):
            everybody = np.arange(len(clustering.labels))
            row |= answers.departure(mine, np.random.default_rng([seed, cluster])) | answers.gain(mine, everybody)
        rows.append(row | {"found_again": float(found_again[cluster])})
    table = pd.DataFrame(rows)
    large = (table["respondents"] >= limit.members) & (table["share"] >= limit.share)
    large |= table.index == table["share"].argmax()
    real = (table["found_again"] >= FOUND_AGAIN) & ~(table["low"] <= 0) & (table["respondents"] >= FEWEST)
    return table.assign(verdict=np.where(large, "large", np.where(real, "minority", "too small")))
