"""Evidence that clusters are real, and what becomes of those too small to stand alone."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.persona.clustering.algorithms import Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.choose_k import chosen_options, held_out_answers
from personaspace.persona.clustering.stability import Resamples
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

MEASURES = ("tv", "tv_by_chance", "gain", "low", "high")

PRIOR = 10.0
"""Answers, like those of whom it stands among, that are added to a group's answers to a question."""

DRAWS = 60
"""Random groups a departure is compared with."""


class GroupAnswers:
    """What everybody answered: in training, and where no stage trains."""

    @classmethod
    def of(cls, crowd: Population) -> GroupAnswers | None:
        """The answers of a crowd; ``None`` where no survey came with it, or an empty one."""
        survey = crowd.survey
        return cls(crowd, survey) if survey is not None and len(survey.answers) else None

    def __init__(self, crowd: Population, survey: Survey) -> None:
        self.weights, self.offsets = crowd.weights, crowd.embedder.offsets_
        self.known = chosen_options(crowd.embedder, survey.with_answers(~validation_mask(survey)))
        self.watched = held_out_answers(crowd.embedder, survey)
        options = np.diff(self.offsets)
        everybody = self._counts(np.arange(len(self.weights)))[0]
        self.population = self._shares(everybody + 1 / np.repeat(options, options))

    def departure(self, mine: IntArray, rng: np.random.Generator) -> dict[str, float]:
        """Mean total variation from everybody, and what random groups rarely reach."""
        chance = [self._tv(rng.permutation(len(self.weights))[: len(mine)]) for _ in range(DRAWS)]
        return {"tv": self._tv(mine), "tv_by_chance": float(np.quantile(chance, 0.95))}

    def gain(self, mine: IntArray, among: IntArray) -> dict[str, float]:
        """How much likelier the members' other answers are by the group's shares than by those it stands among.

        Args:
            mine: Rows of the group.
            among: Rows of those to compare with.

        Returns:
            ``gain`` in nats an answer, with its 95% interval ``low`` to ``high``: linearised, members as primary
            units. NaN where the members gave no such answer.
        """
        theirs = self._shares(self._counts(among)[0] + PRIOR * self.population)
        own = self._shares(self._counts(mine)[0] + PRIOR * theirs)
        seen = self.watched[mine]
        weights = self.weights[mine]
        better, answers = seen @ (np.log(own) - np.log(theirs)), np.diff(seen.indptr)
        total = (weights * answers).sum()
        if not total:
            return {"gain": np.nan, "low": np.nan, "high": np.nan}
        gain = float((weights * better).sum() / total)
        error = 1.96 * float(np.sqrt(((weights * (better - gain * answers)) ** 2).sum())) / total
        return {"gain": gain, "low": gain - error, "high": gain + error}

    def _tv(self, rows: IntArray) -> float:
        weighted, counts = self._counts(rows)
        tv = np.add.reduceat(np.abs(self._shares(weighted) - self.population), self.offsets[:-1]) / 2
        answers = np.add.reduceat(counts, self.offsets[:-1])
        return float(np.nansum(tv * answers) / max(answers.sum(), 1))

    def _counts(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """How often the options were chosen, weighted and plain, each of shape [options]."""
        part: csr_array = self.known[rows]
        return self.weights[rows] @ part, np.ones(len(rows)) @ part

    def _shares(self, counts: FloatArray) -> FloatArray:
        totals = np.repeat(np.add.reduceat(counts, self.offsets[:-1]), np.diff(self.offsets))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(counts / totals)


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


def evidence(
    crowd: Population, clustering: Clustering, found_again: FloatArray, limit: Floor, seed: int
) -> pd.DataFrame:
    """One row per cluster: how large, how different, and whether that is real.

    Args:
        crowd: The respondents.
        clustering: Their clusters.
        found_again: See :meth:`~personaspace.persona.clustering.stability.Resamples.found_again`.
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
    answers = GroupAnswers.of(crowd)
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


FINE, EACH = 40, 25
"""The fine clustering has 40 clusters, or as many as leave 25 respondents to each."""

LARGEST_SHARE = 0.02
"""A larger group is no minority to be looked for."""

REPORTED_FROM = 0.6
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
        Rows of :func:`~personaspace.persona.clustering.validity.evidence` with the columns ``persona`` and ``gain_within`` and
        the verdict "within". None without a survey, or where the fine clusters are not at least three times as many
        as the personas.
    """
    crowd = resamples.crowd
    answers = GroupAnswers.of(crowd)
    fine = min(FINE, len(crowd.points) // EACH, crowd.distinct)
    if answers is None or fine < 3 * len(names):
        return pd.DataFrame()
    kmeans = clusterer_named("kmeans")
    found = kmeans(crowd.points, crowd.weights, fine, seed, resamples.smallest)
    again = replace(resamples, clusterer=kmeans).found_again(found, fine)
    rows = []
    for cluster in np.flatnonzero(again >= REPORTED_FROM).tolist():
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


def validity_notes(clusters: pd.DataFrame, limit: Floor, outside: float) -> tuple[str, ...]:
    """A sentence for every cluster below the floor and every minority within, and one on who belongs to none.

    Args:
        clusters: See :func:`~personaspace.persona.clustering.validity.evidence`, with the column ``persona``.
        limit: What a cluster needs to stand alone.
        outside: Share of the weight in no cluster.

    Returns:
        The sentences.
    """
    small = clusters[clusters["verdict"] != "large"]
    sentences = [
        _within(row) if row["verdict"] == "within" else _small(row, limit) for row in small.to_dict(orient="records")
    ]
    if outside > 0:
        sentences.append(f"{outside:.0%} of the respondents, by weight, lie in no cluster and belong to no persona.")
    return tuple(sentences)


def _small(row: dict[Hashable, Any], limit: Floor) -> str:
    fate = f"is kept as the minority {row['persona']}" if row["verdict"] == "minority" else f"joins {row['persona']}"
    again, gain = "It could not be looked for again.", ""
    if not np.isnan(row["found_again"]):
        again = f"Among other respondents it is found again with a Jaccard index of {row['found_again']:.2f}"
        again += f" ({FOUND_AGAIN} is asked)."
    if not np.isnan(row["gain"]):
        gain = f" Knowing it makes its members' other answers {row['gain']:+.3f} nats likelier "
        gain += f"[{row['low']:+.3f}, {row['high']:+.3f}]."
    return (
        f"A cluster of {row['respondents']} respondents, {row['share']:.1%} of the weight, is below the floor of "
        f"{limit.members} and {limit.share:.0%}; it {fate}. {again}{gain}"
    )


def _within(row: dict[Hashable, Any]) -> str:
    return (
        f"Within {row['persona']} lies a minority of {row['respondents']} respondents, {row['share']:.1%} of the "
        f"weight, found again with a Jaccard index of {row['found_again']:.2f}. Knowing it makes its members' other "
        f"answers {row['gain']:+.3f} nats likelier [{row['low']:+.3f}, {row['high']:+.3f}], "
        f"{row['gain_within']:+.3f} beyond knowing the persona."
    )
