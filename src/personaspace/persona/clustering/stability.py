"""Stability: how well clusters are found again from other respondents and from other questions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import MAX_SEED
from personaspace.persona.clustering.algorithms import Clusterer, Clustering
from personaspace.persona.clustering.answer_space import Population
from personaspace.survey.arrays import FloatArray, IntArray, Vectors

RESAMPLES = 5
"""Random halves of the respondents, and of the questions."""

STARTS = 3
"""Random starts of a clustering that only serves for comparison."""


class Agreement(NamedTuple):
    """Mean adjusted Rand index (Hubert and Arabie 1985) between a clustering and those of resamples.

    Attributes:
        respondents: Over random halves of the respondents; NaN where it cannot be measured.
        questions: Over random halves of the questions; NaN where it cannot be measured.
    """

    respondents: float
    questions: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """Random halves of respondents and of questions, for clustering again and comparing.

    Attributes:
        population: The respondents.
        clusterer: The clustering algorithm.
        seed: Seed of the halves and of their clusterings.
        smallest: Members a cluster should have, see :class:`~personaspace.persona.clustering.algorithms.Clusterer`.
    """

    population: Population
    clusterer: Clusterer
    seed: int
    smallest: int

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, least=0, most=MAX_SEED)

    def agreement(self, clustering: Clustering, k: int) -> Agreement:
        """Compare a clustering with those of resamples by the adjusted Rand index.

        *Respondents*: a random half is clustered, the other half is assigned to the new clusters, and the two
        clusterings are compared on the other half. *Questions*: all respondents are placed again from their answers
        to a random half of the questions and clustered; the two clusterings are compared on all. The embedder is not
        fitted again. Each index is the mean over five halves; respondents in no cluster are left out, and weights do
        not count.

        Args:
            clustering: Of the whole population.
            k: The number of clusters it was asked for.

        Returns:
            Both means.
        """
        of_respondents = [
            _rand_index(clustering.labels[others], found.assign(self.population.points[others]))
            for half, others in self._halves
            if (found := self._again(self.population.points[half], self.population.weights[half], k))
        ]
        of_questions = [
            _rand_index(clustering.labels, found.assign(points))
            for points in self._other_questions
            if (found := self._again(points, self.population.weights, k))
        ]
        return Agreement(_mean(of_respondents), _mean(of_questions))

    def found_again(self, clustering: Clustering, k: int) -> FloatArray:
        """The Jaccard index with which each cluster is found again among other respondents (Hennig 2007).

        A random half is clustered and all respondents are assigned to the new clusters. A cluster's index is its
        largest weighted Jaccard index with any of them, averaged over five halves.

        Args:
            clustering: Of the whole population.
            k: The number of clusters it was asked for.

        Returns:
            Shape ``[clusters]``; NaN where no half could be clustered.
        """
        best = []
        for half, _ in self._halves:
            if found := self._again(self.population.points[half], self.population.weights[half], k):
                new = found.assign(self.population.points)
                best.append(jaccard(clustering.labels, new, self.population.weights).max(axis=1))
        return np.mean(best, axis=0) if best else np.full(len(clustering.centres), np.nan)

    @cached_property
    def _halves(self) -> list[tuple[IntArray, IntArray]]:
        """Random halves of the respondents, each with the rows that are not in it."""
        orders = [self._rng(draw).permutation(len(self.population.points)) for draw in range(RESAMPLES)]
        middle = (len(self.population.points) + 1) // 2
        return [(np.sort(order[:middle]), np.sort(order[middle:])) for order in orders]

    @cached_property
    def _other_questions(self) -> list[Vectors]:
        """All respondents' points, placed from random halves of the questions."""
        survey = self.population.survey
        if survey is None or not len(survey.answers):
            return []
        rows = survey_rows(self.population.embedder, survey)
        questions = len(survey.questions)
        chosen = [np.sort(self._rng(draw).permutation(questions)[: (questions + 1) // 2]) for draw in range(RESAMPLES)]
        placed = (self.population.embedder.embed(survey.select(rows, questions)) for questions in chosen)
        return [self.population.space.place(vectors) for vectors in placed]

    def _again(self, points: Vectors, weights: FloatArray, k: int) -> Clustering | None:
        """A clustering with few starts; ``None`` where too few different points are left or no cluster is found."""
        if len(np.unique(points[weights > 0], axis=0)) < max(k, 2):
            return None
        smallest = self.smallest * len(points) // len(self.population.points)
        seed = (self.seed + 1) % (MAX_SEED + 1)
        found = self.clusterer(points, weights, k, seed, smallest, STARTS)
        return found if len(found.centres) else None

    def _rng(self, draw: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, draw])


def jaccard(old: IntArray, new: IntArray, weights: FloatArray) -> FloatArray:
    """Weighted Jaccard index of every pair of clusters of two clusterings: weight in both over weight in either.

    Args:
        old: Labels of one clustering, -1 for none, shape ``[n]``.
        new: Labels of the other.
        weights: Shape ``[n]``.

    Returns:
        Shape ``[old clusters, new clusters]``.

    Example:
        >>> jaccard(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.ones(4)).round(2)
        array([[0.67, 0.  ],
               [0.25, 0.5 ]])
    """
    shape = old.max(initial=-1) + 2, new.max(initial=-1) + 2
    both = np.bincount((old + 1) * shape[1] + new + 1, weights, shape[0] * shape[1]).reshape(shape)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(both / either)[1:, 1:])


def _rand_index(old: IntArray, new: IntArray) -> float:
    from sklearn.metrics import adjusted_rand_score

    inside = old >= 0
    return float(adjusted_rand_score(old[inside], new[inside]))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
