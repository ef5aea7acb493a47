"""Rows of the table that need a language model: the raw question, and personas of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from personaspace.embedding.base import Vectors
from personaspace.evaluate.predictions import Predictions
from personaspace.persona.personas import Personas
from personaspace.steer.pairs import question_prompt
from personaspace.steer.steered import SteeredLM
from personaspace.survey.survey import IntArray, Survey


@dataclass(frozen=True)
class Standing:
    """Which point of the space speaks for each respondent.

    Attributes:
        points: Shape ``[points, dim]``.
        place: Index into ``points`` of each respondent, shape ``[respondents]``.
    """

    points: Vectors
    place: IntArray

    @classmethod
    def own(cls, vectors: Vectors) -> Standing:
        """Everybody speaks from their own vector."""
        return cls(vectors, np.arange(len(vectors)))

    @classmethod
    def nearest(cls, vectors: Vectors, centroids: Vectors) -> Standing:
        """Everybody is spoken for by the nearest centroid.

        Example:
            >>> Standing.nearest(np.array([[0.1], [0.9], [2.0]]), np.array([[0.0], [1.0]])).place
            array([0, 1, 1])
        """
        distance = (centroids**2).sum(1) - 2 * vectors @ centroids.T
        return cls(centroids, np.array(distance.argmin(1), dtype=np.int64))

    @classmethod
    def by_trait(cls, survey: Survey, trait: str, personas: Personas, vectors: Vectors) -> Standing:
        """Everybody is spoken for by their demographic group, or, without the trait, by everybody's mean.

        Args:
            survey: The respondents to be spoken for.
            trait: The trait that makes the groups.
            personas: One persona per value, called ``TRAIT=value``.
            vectors: Vectors of all training respondents, shape ``[respondents, dim]``.
        """
        index = {name.removeprefix(f"{trait}="): place for place, name in enumerate(personas.names)}
        place = np.array([index.get(value, len(personas)) for value in survey.traits[trait]], dtype=np.int64)
        return cls(np.vstack([personas.vectors, vectors.mean(0)]).astype(np.float32), place)


def raw_question(lm: SteeredLM, test: Survey) -> Predictions:
    """The base model alone: it sees the question and nothing of the respondent."""
    sizes = [len(question.options) for question in test.questions]
    table = lm.model.score([question_prompt(question) for question in test.questions], sizes).numpy()
    return Predictions.of(test, table[test.answers.question].astype(np.float64))


def steered(lm: SteeredLM, standing: Standing, test: Survey) -> Predictions:
    """The steered model, asked once for every question and point that speaks for somebody who answered it."""
    answers = test.answers
    width = max(len(question.options) for question in test.questions)
    probabilities = np.zeros((len(answers), width))
    for j, question in enumerate(test.questions):
        rows = np.flatnonzero(answers.question == j)
        if len(rows):
            points, back = np.unique(standing.place[answers.respondent[rows]], return_inverse=True)
            probabilities[rows, : len(question.options)] = lm.predict(standing.points[points], question)[back]
    return Predictions.of(test, probabilities / probabilities.sum(axis=1, keepdims=True))
