"""Cluster validity: how large, different and reproducible clusters are, and which small ones may stand alone.

A large cluster stands alone. A small one does only if it is a *minority*: found again among other respondents, and
useful for predicting answers that no stage trained on. Small clusters that are not are merged into their neighbours.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.persona.clustering.algorithms import Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import Population, chosen_options, validation_choices
from personaspace.persona.clustering.gain import NOT_MEASURED, Gain, gain_per_answer
from personaspace.persona.clustering.stability import Resamples
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.option_sums import option_shares, sum_options
from personaspace.survey.survey import Survey
from personaspace.survey.validation import without_validation

SMALLEST, SMALL_SURVEY, SMALLEST_SHARE = 30, 0.05, 0.01
"""A large cluster has this many members, or this part of a survey of fewer than 600, and this share of the weight."""

FEWEST = 10
"""Members of a minority at least: fewer cannot be distinguished from chance, and might be recognised."""

FOUND_AGAIN = 0.75
"""The Jaccard index from which Hennig (2007) calls a cluster valid and stable."""

REPORTED_FROM = 0.6
"""The Jaccard index from which Hennig (2007) sees a pattern in the data: enough to report, not to set apart."""

FINE, EACH = 40, 25
"""The fine clustering has 40 clusters, or as many as leave 25 respondents to each."""

LARGEST_SHARE = 0.02
"""The largest share of the weight of a group that is reported as a minority within a persona."""

PRIOR_ANSWERS = 10.0
"""Answers distributed like those of the reference group that are added to a group's answers to each question."""

FEWEST_ANSWERS = 30
"""Validation answers from which the gain of all clusters together is tested."""

RANDOM_GROUPS = 60
"""Random groups whose total variation from the population shows what chance alone makes."""

MEASURES = ("tv", "tv_by_chance", "gain", "low", "high")


class SizeFloor(NamedTuple):
    """The size from which a cluster stands alone: its members, and its share of the weight."""

    members: int
    share: float


def size_floor(smallest: int | None, respondents: int) -> SizeFloor:
    """The size from which a cluster stands alone.

    Args:
        smallest: Members, if the user gave a number.
        respondents: Number of respondents.

    Returns:
        By default 30 members (5% of a survey of fewer than 600) and 1% of the weight.
    """
    if smallest is not None:
        return SizeFloor(smallest, 0.0)
    return SizeFloor(max(1, min(SMALLEST, int(SMALL_SURVEY * respondents))), SMALLEST_SHARE)


class GroupAnswers:
    """Compares the answers of groups of respondents with those of the population.

    Args:
        population: The respondents.
        survey: Their answers.
    """

    @classmethod
    def of(cls, population: Population) -> GroupAnswers | None:
        """The answers of a population; ``None`` where no survey came with it, or an empty one."""
        survey = population.survey
        return cls(population, survey) if survey is not None and len(survey.answers) else None

    def __init__(self, population: Population, survey: Survey) -> None:
        self.weights, self.offsets = population.weights, population.embedder.offsets_
        self.training = chosen_options(population.embedder, without_validation(survey))
        self.validation = validation_choices(population.embedder, survey)
        options = np.diff(self.offsets)
        counts = self._counts(np.arange(len(self.weights)))[0]
        self.population = option_shares(counts + 1 / np.repeat(options, options), self.offsets)

    def departure(self, group: IntArray, rng: np.random.Generator) -> dict[str, float]:
        """Mean total variation between a group and the population, with the 95th percentile of random groups."""
        chance = [self._tv(rng.permutation(len(self.weights))[: len(group)]) for _ in range(RANDOM_GROUPS)]
        return {"tv": self._tv(group), "tv_by_chance": float(np.quantile(chance, 0.95))}

    def gain(self, group: IntArray, reference: IntArray) -> dict[str, float]:
        """Gain in log-likelihood when members' validation answers are predicted from their own group.

        Args:
            group: Rows of the members.
            reference: Rows of the respondents whose shares predict instead.

        Returns:
            ``gain`` in nats per answer, with its 95% interval ``low`` to ``high``: linearised, members as primary
            sampling units. NaN where the members gave no validation answer.
        """
        theirs = option_shares(self._counts(reference)[0] + PRIOR_ANSWERS * self.population, self.offsets)
        own = option_shares(self._counts(group)[0] + PRIOR_ANSWERS * theirs, self.offsets)
        given = self.validation[group]
        better = given @ (np.log(own) - np.log(theirs))
        return gain_per_answer(better, np.diff(given.indptr), self.weights[group])._asdict()

    def gain_over_one(self, labels: IntArray) -> Gain:
        """The :meth:`gain` of all clusters together over one cluster of everybody.

        Shares of answers predict and not the embedder, which the validation answers have stopped and calibrated. NaN
        with fewer than 30 validation answers, too few for an interval.

        Args:
            labels: The respondents' clusters by vectors without validation answers, -1 for none, ``[respondents]``.
        """
        if self.validation.nnz < FEWEST_ANSWERS:
            return NOT_MEASURED
        rows = np.arange(len(labels))
        one = option_shares(self._counts(rows)[0] + PRIOR_ANSWERS * self.population, self.offsets)
        inside = rows[labels >= 0]
        members = csr_array((self.weights[inside], (labels[inside], inside)), (labels.max() + 1, len(labels)))
        own = option_shares((members @ self.training).toarray() + PRIOR_ANSWERS * one, self.offsets)
        better = (self.validation @ (np.log(own) - np.log(one)).T)[rows, labels]
        return gain_per_answer(better, np.diff(self.validation.indptr), self.weights * (labels >= 0))

    def _tv(self, group: IntArray) -> float:
        weighted, counts = self._counts(group)
        tv = sum_options(np.abs(option_shares(weighted, self.offsets) - self.population), self.offsets) / 2
        answers = sum_options(counts, self.offsets)
        return float(np.nansum(tv * answers) / max(answers.sum(), 1))

    def _counts(self, group: IntArray) -> tuple[FloatArray, FloatArray]:
        """How often the options were chosen, weighted and unweighted, each of shape [options]."""
        part: csr_array = self.training[group]
        return self.weights[group] @ part, np.ones(len(group)) @ part


def cluster_validity(
    population: Population, clustering: Clustering, found_again: FloatArray, floor: SizeFloor, seed: int
) -> pd.DataFrame:
    """Assess every cluster: its size, its difference from the population, and whether it is reproducible.

    Args:
        population: The respondents.
        clustering: Their clusters.
        found_again: See :meth:`~personaspace.persona.clustering.stability.Resamples.found_again`.
        floor: The size from which a cluster stands alone.
        seed: Seed of the random groups.

    Returns:
        A row per cluster. ``respondents`` and weighted ``share``. ``tv``: the mean total variation between the
        members' answers and the population's, over questions, weighted by the members' number of answers to each;
        ``tv_by_chance``: the 95th percentile of ``tv`` over random groups of that size. ``gain``: by how many nats
        the members' validation answers are better predicted by the shares of the cluster than by those of the
        population, with its 95% interval ``low`` to ``high`` (linearised, members as primary sampling units; members
        are here those whom a vector without validation answers puts into the cluster).
        ``found_again``. ``verdict``: "large" from the floor up, and always for the largest cluster; "minority" below
        the floor where the cluster is found again (at least .75), its gain is significant (``low`` above 0) and it
        has ten members; else "too small". Without a survey the columns on answers are NaN, and ``found_again`` and
        ten members suffice for a minority.
    """
    rows = []
    answers, blind = GroupAnswers.of(population), population.blind_labels(clustering)
    for cluster in range(len(clustering.centres)):
        members = np.flatnonzero(clustering.labels == cluster)
        share = float(population.weights[members].sum() / population.weights.sum())
        row = {"respondents": len(members), "share": share, **dict.fromkeys(MEASURES, np.nan)}
        if answers and len(members):
            row |= answers.departure(members, np.random.default_rng([seed, cluster]))
            row |= answers.gain(np.flatnonzero(blind == cluster), np.arange(len(blind)))
        rows.append(row | {"found_again": float(found_again[cluster])})
    table = pd.DataFrame(rows)
    large = (table["respondents"] >= floor.members) & (table["share"] >= floor.share)
    large |= table.index == table["share"].argmax()
    minority = (table["found_again"] >= FOUND_AGAIN) & ~(table["low"] <= 0) & (table["respondents"] >= FEWEST)
    return table.assign(verdict=np.where(large, "large", np.where(minority, "minority", "too small")))


def minorities_within(resamples: Resamples, labels: IntArray, names: tuple[str, ...], seed: int) -> pd.DataFrame:
    """Small groups inside personas that answer differently and are found again among other respondents.

    All respondents are clustered finely by K-Means. A fine cluster is reported if it

    - has at least ten members and at most 2% of the weight,
    - lies within one persona, of which it is less than half,
    - is found again with a Jaccard index of at least .6,
    - differs significantly from the population (``tv`` above ``tv_by_chance``, ``low`` above 0), and
    - predicts its members' validation answers better than its persona does (``gain_within`` above 0: a point
      estimate, since so few people leave wide intervals).

    Such a group may share a conviction or a way of filling in questionnaires: read its answers.

    Args:
        resamples: The population.
        labels: Each respondent's persona, -1 for none.
        names: The personas' names.
        seed: Seed of the fine clustering.

    Returns:
        Rows as of :func:`cluster_validity`, with the columns ``persona`` and ``gain_within`` and the verdict
        "within". Empty without a survey, or where the fine clusters are not at least three times as many as the
        personas.
    """
    population = resamples.population
    answers = GroupAnswers.of(population)
    fine = min(FINE, len(population.points) // EACH, population.distinct)
    if answers is None or fine < 3 * len(names):
        return pd.DataFrame()
    kmeans = clusterer_named("kmeans")
    found = kmeans(population.points, population.weights, fine, seed, resamples.smallest)
    again = replace(resamples, clusterer=kmeans).found_again(found, fine)
    rows, blind = [], population.blind_labels(found)
    for cluster in np.flatnonzero(again >= REPORTED_FROM).tolist():
        members = np.flatnonzero(found.labels == cluster)
        share = float(population.weights[members].sum() / population.weights.sum())
        persona = int(np.bincount(labels[members] + 1).argmax()) - 1
        around = np.flatnonzero(labels == persona)
        if persona < 0 or len(members) < FEWEST or share > LARGEST_SHARE or 2 * len(members) >= len(around):
            continue
        measures = answers.departure(members, np.random.default_rng([seed, cluster]))
        judged = np.flatnonzero(blind == cluster)
        measures |= answers.gain(judged, np.arange(len(labels))) | {"found_again": float(again[cluster])}
        within = answers.gain(judged, around)["gain"]
        if measures["tv"] > measures["tv_by_chance"] and measures["low"] > 0 and within > 0:
            about = {"persona": names[persona], "respondents": len(members), "share": share, "verdict": "within"}
            rows.append(about | measures | {"gain_within": within})
    return pd.DataFrame(rows)


def validity_notes(clusters: pd.DataFrame, floor: SizeFloor, outside: float) -> tuple[str, ...]:
    """Describe in sentences every cluster below the floor, every minority within, and respondents in no cluster.

    Args:
        clusters: Of :func:`cluster_validity` and :func:`minorities_within`, with the column ``persona``.
        floor: The size from which a cluster stands alone.
        outside: Share of the weight in no cluster.

    Returns:
        The sentences.
    """
    small = clusters[clusters["verdict"] != "large"]
    sentences = [
        _within(row) if row["verdict"] == "within" else _small(row, floor) for row in small.to_dict(orient="records")
    ]
    if outside > 0:
        sentences.append(f"{outside:.0%} of the respondents, by weight, are in no cluster and belong to no persona.")
    return tuple(sentences)


def _small(row: dict[Hashable, Any], floor: SizeFloor) -> str:
    share = f" and {floor.share:.0%} of the weight" if floor.share else ""
    size = f"A cluster of {_size(row)} is smaller than the minimum of {floor.members} respondents{share}"
    if row["verdict"] == "minority":
        result = f"it is kept as the minority {row['persona']}"
    else:
        result = f"its members joined the remaining clusters, the largest part of them {row['persona']}"
    again, gain = "Whether it is found again among other respondents could not be measured.", ""
    if not np.isnan(row["found_again"]):
        again = (
            f"In random halves of the respondents it is found again with a Jaccard index of {row['found_again']:.2f} "
            f"(at least {FOUND_AGAIN} is required)."
        )
    if not np.isnan(row["gain"]):
        gain = f" {_gain(row)}."
    return f"{size}; {result}. {again}{gain}"


def _within(row: dict[Hashable, Any]) -> str:
    return (
        f"{row['persona']} contains a minority of {_size(row)}, found again in random halves of the respondents with "
        f"a Jaccard index of {row['found_again']:.2f}. {_gain(row)}, {row['gain_within']:+.3f} relative to the "
        "persona's shares."
    )


def _size(row: dict[Hashable, Any]) -> str:
    return f"{row['respondents']} respondents ({row['share']:.1%} of the weight)"


def _gain(row: dict[Hashable, Any]) -> str:
    return (
        f"Its shares change the log-likelihood of its members' validation answers by {row['gain']:+.3f} nats per "
        f"answer relative to the population's shares (95% interval {row['low']:+.3f} to {row['high']:+.3f})"
    )
