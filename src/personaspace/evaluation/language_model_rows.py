"""Rows of the table that need a language model: raw question, question prior, individuals, clusters and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Unpack

import numpy as np
import torch

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.evaluation.predictions import Predictions
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.steer.answering import Answerer
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

EVERYBODY = 0
"""The place of the mean of all vectors among the points of :class:`GroupRows`."""


def raw_question(lm: SteeredLM, test: Survey) -> Predictions:
    """Predict every answer by the base model alone, which sees the question and nothing of the respondent."""
    sizes = [len(question.options) for question in test.questions]
    table = base_probabilities(lm.model, [question_prompt(question) for question in test.questions], sizes).numpy()
    return Predictions.of(test, _normalized(table[test.answers.question]))


def individual(lm: Answerer, vectors: Vectors, test: Survey, **how: Unpack[AskOptions]) -> Predictions:
    """Predict every answer by the steered model at the respondent's own vector.

    Args:
        lm: The steered model.
        vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        test: Answers to predict.
        how: As in :class:`~personaspace.steer.steering.AskSettings`.
    """
    return _each_respondent(lambda points, question: lm.predict(points, question, **how), vectors, test)


def question_prior(lm: SteeredLM, vectors: Vectors, test: Survey) -> Predictions:
    """Predict every answer by the question prior: what the embedding space expects, by the question's text.

    Args:
        lm: A model with an informed soft-prompting model; it is not asked itself.
        vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        test: Answers to predict.

    Raises:
        SettingError: The soft-prompting model is not informed.
    """

    def predict(points: Vectors, question: Question) -> Vectors:
        weights = lm.steering.option_weights(question)
        if weights is None:
            raise SettingError("this model has no question prior: train it with soft_prompt='informed'")
        return weights.log_odds(torch.from_numpy(points)).softmax(dim=1).numpy()

    return _each_respondent(predict, vectors, test)


def _each_respondent(predict: Callable[[Vectors, Question], Vectors], vectors: Vectors, test: Survey) -> Predictions:
    answers = test.answers
    probabilities = np.zeros((len(answers), max(len(question.options) for question in test.questions)))
    for j, question in enumerate(test.questions):
        rows = np.flatnonzero(answers.question == j)
        if len(rows):
            probabilities[rows, : len(question.options)] = predict(vectors[answers.respondent[rows]], question)
    return Predictions.of(test, _normalized(probabilities))


class GroupRows:
    """Rows in which one vector stands for many respondents: cluster personas and demographic groups.

    All groups are asked a question in one pass, and once for all evaluation sets.

    Args:
        lm: The steered model.
        embedder: The embedder, fitted on ``train``.
        train: The training respondents and their traits.
        clusters: Cluster personas, or ``None``.
    """

    def __init__(self, lm: SteeredLM, embedder: Embedder, train: Survey, clusters: Personas | None) -> None:
        self.lm, self.embedder = lm, embedder
        self.clusters = clusters
        traits = [str(trait) for trait in train.traits.columns if train.traits[trait].notna().any()]
        self.groups = {trait: demographic_personas(embedder, train, trait) for trait in traits}
        everybody = embedder.respondents_.mean(axis=0, keepdims=True)
        parts = [everybody, *(personas.vectors for personas in (*self.groups.values(), clusters) if personas)]
        self.points = np.concatenate(parts).astype(np.float32)
        self.starts = np.cumsum([len(part) for part in parts])
        self.tables: dict[tuple[str, ...], FloatArray] = {}

    def rows(self, test: Survey, vectors: Vectors) -> Iterator[tuple[str, Callable[[], Predictions]]]:
        """Yield name and prediction of every row.

        A respondent belongs to the cluster nearest by expected answers. A respondent whose trait value is missing, or
        unknown to ``train``, is predicted by the mean of all vectors.

        Args:
            test: Answers to predict.
            vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        """
        if self.clusters:
            point = self.starts[-2] + positions(self.clusters.of(self.embedder, vectors), self.clusters.names)
            yield f"cluster k={len(self.clusters)}", partial(self._predict, test, point)
        for start, (trait, personas) in zip(self.starts, self.groups.items(), strict=False):
            group = positions(test.traits[trait], [name.removeprefix(f"{trait}=") for name in personas.names])
            point = np.where(group == NOWHERE, EVERYBODY, start + group)
            yield f"demographic: {trait}", partial(self._predict, test, point)

    def _predict(self, test: Survey, point: IntArray) -> Predictions:
        return Predictions.from_table(test, self._table(test), point[test.answers.respondent])

    def _table(self, test: Survey) -> FloatArray:
        """Probability of every option for every point, shape ``[points, options of all questions]``."""
        key = tuple(question.id for question in test.questions)
        if key not in self.tables:
            answered = [self.lm.predict(self.points, question) for question in test.questions]
            self.tables[key] = np.hstack([_normalized(part) for part in answered])
        return self.tables[key]


def _normalized(probabilities: Vectors | FloatArray) -> FloatArray:
    """Rows scaled to sum to 1 in double precision."""
    exact: FloatArray = np.asarray(probabilities, dtype=np.float64)
    scaled: FloatArray = exact / exact.sum(axis=1, keepdims=True)
    return scaled
