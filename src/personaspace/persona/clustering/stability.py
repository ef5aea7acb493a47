"""Stability: do the same clusters come back from other respondents, and from other questions?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from personaspace.persona.clustering.algorithms import Clusterer, Clustering
from personaspace.persona.clustering.answer_space import Population
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.validation import validation_mask

RESAMPLES = 5
STARTS = 3
"""Random starts of a clustering that is only compared."""


class Agreement(NamedTuple):
    """Mean adjusted Rand index (Hubert and Arabie 1985) with a clustering; NaN where it cannot be measured."""

    respondents: float
    questions: float


@dataclass(frozen=True, eq=False)
class Resamples:
    """The same crowd, drawn again.

    Attributes:
        crowd: The respondents.
        clusterer: How they are clustered.
        seed: Seed of the halves and of their clusterings.
        smallest: See :class:`Clusterer`.
    """

    crowd: Population
    clusterer: Clusterer
    seed: int
    smallest: int

    def agreement(self, clustering: Clustering, k: int) -> Agreement:
        """How well a clustering agrees with those of resamples.

        *Respondents*: a random half is clustered anew, the other half joins the new clusters, and there the two
        are compared. *Questions*: everybody is placed anew from their answers to a random half of the questions and
        clustered; everybody is compared. The embedder is not fitted again. Each is the mean over five halves;
        respondents that the clustering puts into no cluster are left out, and respondents count alike.

        Args:
            clustering: Of everybody.
            k: The number of clusters it was asked for.

        Returns:
            Both means.
        """
        of_people = [
            _rand_index(clustering.labels[others], found.assign(self.crowd.points[others]))
            for half, others in self._halves
            if (found := self._again(self.crowd.points[half], self.crowd.weights[half], k))
        ]
        of_questions = [
            _rand_index(clustering.labels, found.assign(points))
            for points in self._other_questions
            if (found := self._again(points, self.crowd.weights, k))
        ]
        return Agreement(_mean(of_people), _mean(of_questions))

    def found_again(self, clustering: Clustering, k: int) -> FloatArray:
        """How well each cluster is found again among other respondents (Hennig 2007), shape ``[clusters]``.

        The mean over five halves of the largest Jaccard index, by weight, between the cluster and any cluster that
        the half is clustered into, when everybody has joined those.

        Args:
            clustering: Of everybody.
            k: The number of clusters it was asked for.
        """
        best = []
        for half, _ in self._halves:
            if found := self._again(self.crowd.points[half], self.crowd.weights[half], k):
                new = found.assign(self.crowd.points)
                best.append(jaccard(clustering.labels, new, self.crowd.weights).max(axis=1))
        return np.mean(best, axis=0) if best else np.full(len(clustering.centres), np.nan)

    @cached_property
    def _halves(self) -> list[tuple[IntArray, IntArray]]:
        """Random halves of the respondents, and who is not in them."""
        orders = [self._rng(draw).permutation(len(self.crowd.points)) for draw in range(RESAMPLES)]
        middle = (len(self.crowd.points) + 1) // 2
        return [(np.sort(order[:middle]), np.sort(order[middle:])) for order in orders]

    @cached_property
    def _other_questions(self) -> list[Vectors]:
        """Everybody's points, each time from a random half of the questions."""
        survey = self.crowd.survey
        if survey is None or not len(survey.answers):
            return []
        known = survey.with_answers(~validation_mask(survey))
        row = np.array([survey.respondent_index[name] for name in self.crowd.embedder.ids_])
        questions = len(survey.questions)
        chosen = [np.sort(self._rng(draw).permutation(questions)[: (questions + 1) // 2]) for draw in range(RESAMPLES)]
        return [self.crowd.space.place(self.crowd.embedder.embed(known.select(row, questions))) for questions in chosen]

    def _again(self, points: Vectors, weights: FloatArray, k: int) -> Clustering | None:
        """A clustering with few starts; ``None`` where too few different points are left, or none is found."""
        if len(np.unique(points[weights > 0], axis=0)) < max(k, 2):
            return None
        smallest = self.smallest * len(points) // len(self.crowd.points)
        found = self.clusterer(points, weights, k, self.seed + 1, smallest, STARTS)
        return found if len(found.centres) else None

    def _rng(self, draw: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, draw])


def jaccard(old: IntArray, new: IntArray, weights: FloatArray) -> FloatArray:
    """Weight shared by two clusters over weight in either, for every pair; -1 is no cluster.

    Args:
        old: One clustering's labels, shape ``[n]``.
        new: The other's.
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
