"""Minorities inside personas: small groups that a coarse clustering swallows, looked for by a fine one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from personaspace.persona.clusterers import clusterer_named
from personaspace.persona.evidence import FEWEST
from personaspace.persona.given_answers import GivenAnswers
from personaspace.persona.stability import Resamples
from personaspace.survey.survey import IntArray

FINE, EACH = 40, 25
"""The fine clustering has 40 clusters, or as many as leave 25 respondents to each."""

LARGEST_SHARE = 0.02
"""A larger group is no minority to be looked for."""

FOUND_AGAIN = 0.6
"""The Jaccard index from which Hennig (2007) sees a pattern in the data: enough to report, not to set apart."""


def minorities_within(resamples: Resamples, labels: IntArray, names: tuple[str, ...], seed: int) -> pd.DataFrame:
    """Small groups inside personas that answer differently and come back among other respondents.

    Everybody is clustered finely by K-Means. A cluster is reported if it has at least ten members and at most 2% of
    the weight, lies within one persona of which it is less than half, is found again with a Jaccard index of at
    least .6, departs from everybody more than chance (``tv`` above ``tv_by_chance``, ``low`` above 0), and its own
    shares also predict its members' other answers better than its persona's do (``gain_within`` above 0: a point
    estimate, since so few people leave wide intervals). Such a group may share a conviction or a way of filling in
    questionnaires: read what it answers.

    Args:
        resamples: The crowd.
        labels: Everybody's persona, -1 for none.
        names: The personas' names.
        seed: Seed of the fine clustering.

    Returns:
        Rows of :func:`~personaspace.persona.evidence.evidence` with the columns ``persona`` and ``gain_within`` and
        the verdict "within". None without a survey, or where the fine clusters are not at least three times as many
        as the personas.
    """
    crowd = resamples.crowd
    answers = GivenAnswers.of(crowd)
    fine = min(FINE, len(crowd.points) // EACH, crowd.distinct)
    if answers is None or fine < 3 * len(names):
        return pd.DataFrame()
    kmeans = clusterer_named("kmeans")
    found = kmeans(crowd.points, crowd.weights, fine, seed, resamples.smallest)
    again = replace(resamples, clusterer=kmeans).found_again(found, fine)
    rows = []
    for cluster in np.flatnonzero(again >= FOUND_AGAIN).tolist():
        mine = np.flatnonzero(found.labels == cluster)
        share = float(crowd.weights[mine].sum() / crowd.weights.sum())
        home = int(np.bincount(labels[mine] + 1).argmax()) - 1
        around = np.flatnonzero(labels == home)
        if home < 0 or len(mine) < FEWEST or share > LARGEST_SHARE or 2 * len(mine) >= len(around):
            continue
        measures = answers.departure(mine, np.random.default_rng([seed, cluster]))
        measures |= answers.gain(mine, np.arange(len(labels))) | {"found_again": float(again[cluster])}
        within = answers.gain(mine, around)["gain"]
        if measures["tv"] > measures["tv_by_chance"] and measures["low"] > 0 and within > 0:
            about = {"persona": names[home], "respondents": len(mine), "share": share, "verdict": "within"}
            rows.append(about | measures | {"gain_within": within})
    return pd.DataFrame(rows)
