"""The space clusters are looked for in: respondents by the answers expected of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.gaussian_mixture import AnswerMixture, GaussianMixture
from personaspace.persona.groups import survey_rows
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.survey import Survey

DIMENSIONS = 32
"""Principal components kept."""

SAMPLE = 4000
"""Respondents from whom the principal components are computed."""

CHUNK = 4096

DIGITS = 4
"""Decimals to which points are compared: probabilities that differ by less differ by rounding."""


@dataclass(frozen=True, eq=False)
class AnswerSpace:
    """Expected answers, reduced to their principal components.

    A vector u of the embedder becomes (p(. | u) - mean) basis, where p(. | u) are the probabilities of all options of
    all questions. Squared distances are then summed squared differences of option probabilities. Two things speak for
    clustering there and not among the vectors themselves: a difference counts by what it does to answers, and spaces
    of different seeds, which are rotated against each other, become comparable.

    Attributes:
        embedder: Predicts the answers.
        mean: Mean probability of every option, shape ``[options]``.
        basis: Orthonormal columns, shape ``[options, dimensions]``.
    """

    embedder: Embedder
    mean: Vectors
    basis: Vectors

    @classmethod
    def of(cls, embedder: Embedder) -> AnswerSpace:
        """The space of the embedder's own respondents, from at most 4,000 of them."""
        from sklearn.decomposition import PCA

        rows = np.random.default_rng(0).permutation(len(embedder.respondents_))[:SAMPLE]
        expected = embedder.predict(embedder.respondents_[np.sort(rows)])
        if len(expected) < 2:
            return cls(embedder, expected.mean(axis=0), np.zeros((expected.shape[1], 1), np.float32))
        found = PCA(min(DIMENSIONS, *expected.shape), svd_solver="randomized", random_state=0).fit(expected)
        return cls(embedder, found.mean_.astype(np.float32), found.components_.T.astype(np.float32))

    def place(self, vectors: Vectors) -> Vectors:
        """Points of the answer space, shape ``[n, dimensions]``, for vectors of the embedder, ``[n, dim]``."""
        parts = [np.empty((0, self.basis.shape[1]), np.float32)]
        for start in range(0, len(vectors), CHUNK):
            expected = self.embedder.predict(vectors[start : start + CHUNK])
            parts.append(np.asarray((expected - self.mean) @ self.basis, np.float32))
        return np.concatenate(parts)

    def mixture(self, clouds: GaussianMixture) -> AnswerMixture:
        """Clouds of this space, with what is needed to place anybody among them."""
        return AnswerMixture(self.mean, self.basis, clouds)


@dataclass(frozen=True, eq=False)
class Population:
    """The embedder's respondents, ready to be clustered.

    Attributes:
        embedder: A fitted embedder.
        survey: The survey it was fitted on, if known.
        space: The answer space.
        points: Where the respondents lie in it, shape ``[respondents, dimensions]``.
        weights: What each of them counts, of mean 1, shape ``[respondents]``.
        distinct: How many different vectors the respondents who count have, told apart by the answers expected.
    """

    embedder: Embedder
    survey: Survey | None
    space: AnswerSpace
    points: Vectors
    weights: FloatArray
    distinct: int

    @classmethod
    def of(cls, embedder: Embedder, survey: Survey | None) -> Population:
        """Place everybody.

        Raises:
            SurveyError: A respondent of the embedder is not in the survey, or all of them have weight 0.
        """
        weights = np.ones(len(embedder.ids_)) if survey is None else survey.weight[survey_rows(embedder, survey)]
        if not weights.sum():
            raise SurveyError(
                f"all {len(weights)} respondents of the embedder have weight 0: give one at least a weight above 0"
            )
        space = AnswerSpace.of(embedder)
        points = space.place(embedder.respondents_)
        distinct = len(np.unique(points[weights > 0].round(DIGITS) + 0.0, axis=0))
        return cls(embedder, survey, space, points, weights / weights.mean(), distinct)
