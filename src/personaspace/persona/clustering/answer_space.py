"""The answer space: respondents as points of the principal components of the answers expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import SurveyError
from personaspace.persona.clustering.algorithms import Clustering
from personaspace.persona.gaussian_mixture import AnswerMixture, GaussianMixture
from personaspace.persona.method_effects import method_effects
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import positions
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask, without_validation

DIMENSIONS = 32
"""Principal components kept."""

SAMPLE = 4000
"""Respondents from whom the principal components are computed."""

DIGITS = 4
"""Decimals to which points are compared: probabilities that differ by less differ by rounding."""


@dataclass(frozen=True, eq=False)
class AnswerSpace:
    """Expected answers, reduced to their principal components.

    A vector u of the embedder becomes (p(. | u) - mean) basis, where p(. | u) are the probabilities of all options of
    all questions. Squared distances are then summed squared differences of option probabilities. Clusters are looked
    for here and not among the vectors themselves for two reasons: a difference counts by what it does to answers, and
    embedders of different seeds, whose vectors are rotated against each other, become comparable.

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
        """The answer space of the embedder's own respondents, computed from at most 4,000 of them."""
        from sklearn.decomposition import PCA

        rows = np.random.default_rng(0).permutation(len(embedder.respondents_))[:SAMPLE]
        expected = embedder.predict(embedder.respondents_[np.sort(rows)])
        if not np.ptp(expected, axis=0).any():
            return cls(embedder, expected.mean(axis=0), np.zeros((expected.shape[1], 1), np.float32))
        found = PCA(min(DIMENSIONS, *expected.shape), svd_solver="randomized", random_state=0).fit(expected)
        return cls(embedder, found.mean_.astype(np.float32), found.components_.T.astype(np.float32))

    def place(self, vectors: Vectors) -> Vectors:
        """Project vectors of the embedder, shape ``[n, dim]``, to points of this space, ``[n, dimensions]``."""
        parts = [np.empty((0, self.basis.shape[1]), np.float32)]
        parts += [
            np.asarray((expected - self.mean) @ self.basis, np.float32)
            for _, expected in self.embedder.predict_blocks(vectors)
        ]
        return np.concatenate(parts)

    def mixture(self, components: GaussianMixture) -> AnswerMixture:
        """Gaussian components of this space, with the projection that places respondents among them."""
        return AnswerMixture(self.mean, self.basis, components)


@dataclass(frozen=True, eq=False)
class Population:
    """The embedder's respondents as weighted points, ready to be clustered.

    Attributes:
        embedder: A fitted embedder.
        survey: The survey it was fitted on, if known.
        space: The answer space.
        points: The respondents' points in it, shape ``[respondents, dimensions]``.
        blind: The respondents' vectors without their validation answers, by which clusters are judged, shape
            ``[respondents, dim]``.
        weights: Their weights, of mean 1, shape ``[respondents]``.
        distinct: The number of different points among respondents of a weight above 0, compared to four decimals.
    """

    embedder: Embedder
    survey: Survey | None
    space: AnswerSpace
    points: Vectors
    blind: Vectors
    weights: FloatArray
    distinct: int

    @classmethod
    def of(cls, embedder: Embedder, survey: Survey | None) -> Population:
        """Place all respondents of an embedder.

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
        blind = embedder.respondents_
        if survey is not None:
            blind = embedder.embed(without_validation(survey.select(survey_rows(embedder, survey))))
        return cls(embedder, survey, space, points, blind, weights / weights.mean(), distinct)

    def blind_labels(self, clustering: Clustering) -> IntArray:
        """The cluster that every respondent is in by their vector without validation answers.

        Those in no cluster stay there.

        Returns:
            Shape ``[respondents]``.
        """
        return np.where(clustering.labels < 0, -1, clustering.assign(self._blind_points))

    @cached_property
    def _blind_points(self) -> Vectors:
        return self.space.place(self.blind)

    def method_effects(self, labels: IntArray) -> dict[str, float]:
        """The part of what separates clusters that goes with response styles and participation.

        Args:
            labels: The respondents' clusters, -1 for none, shape ``[respondents]``.

        Returns:
            See :func:`~personaspace.persona.method_effects.method_effects`; empty without a survey or its answers.
        """
        if self.survey is None or not len(self.survey.answers):
            return {}
        return method_effects(self.points, labels, self.survey.select(survey_rows(self.embedder, self.survey)))

    def answers(self) -> csr_array | Vectors:
        """The options respondents chose in validation answers; their expected answers where there are none.

        Returns:
            Ones or probabilities, shape ``[respondents, options]``.
        """
        if self.survey is not None:
            chosen = validation_choices(self.embedder, self.survey)
            if chosen.nnz:
                return chosen
        return self.embedder.predict(self.blind)


def chosen_options(embedder: Embedder, survey: Survey) -> csr_array:
    """1 where a respondent of the embedder chose an option in a survey, 0 elsewhere.

    Args:
        embedder: A fitted embedder.
        survey: Holds all its respondents; answers to questions the embedder does not know are left out.

    Returns:
        Shape ``[respondents, options]``, in the embedder's order.
    """
    starts = dict(zip((question.id for question in embedder.questions_), embedder.offsets_.tolist(), strict=False))
    start = positions((question.id for question in survey.questions), starts)
    row = positions(survey.respondents, embedder.ids_)
    answers = survey.answers
    known = answers.where((row[answers.respondent] >= 0) & (start[answers.question] >= 0))
    cells = (row[known.respondent], start[known.question] + known.option)
    return csr_array((np.ones(len(known)), cells), shape=(len(embedder.ids_), int(embedder.offsets_[-1])))


def validation_choices(embedder: Embedder, survey: Survey) -> csr_array:
    """The :func:`chosen_options` of the validation answers, on which no stage trains."""
    return chosen_options(embedder, survey.with_answers(validation_mask(survey)))
