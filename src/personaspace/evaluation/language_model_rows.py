"""Rows of the table that need a steered model: question prior, individuals, clusters and demographic groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Unpack

import numpy as np
import torch

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows import PAIR
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.steer.answering import Answerer
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

EVERYBODY = 0
"""The place of the mean of all vectors among the points of :class:`GroupRows`."""


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
    return each_question(lambda respondents, question: predict(vectors[respondents], question), test)


def each_question(predict: Callable[[IntArray, Question], Vectors | FloatArray], test: Survey) -> Predictions:
    """Predictions made for all respondents who answered a question, given as indices, at once."""
    answers = test.answers
    probabilities = np.zeros((len(answers), max(len(question.options) for question in test.questions)))
    for j, question in enumerate(test.questions):
        rows = np.flatnonzero(answers.question == j)
        if len(rows):
            probabilities[rows, : len(question.options)] = predict(answers.respondent[rows], question)
    return Predictions.of(test, probabilities / probabilities.sum(axis=1, keepdims=True))


class GroupRows:
    """Rows in which one vector stands for many respondents: cluster personas and demographic groups.

    All groups are asked a question in one pass, and once for all evaluation sets.

    Args:
        lm: The steered model.
        embedder: The embedder, fitted on ``train``.
        train: The training respondents and their traits.
        clusterings: Cluster personas by their number.
        groups: Traits whose values are demographic personas: one, or a pair whose values are crossed.
    """

    def __init__(
        self,
        lm: SteeredLM,
        embedder: Embedder,
        train: Survey,
        clusterings: Mapping[int, Personas],
        groups: Sequence[tuple[str, ...]],
    ) -> None:
        self.lm, self.embedder = lm, embedder
        self.clusterings = clusterings
        self.groups = {
            traits: demographic_personas(embedder, _crossed(train, traits), PAIR.join(traits)) for traits in groups
        }
        everybody = embedder.respondents_.mean(axis=0, keepdims=True)
        parts = [everybody, *(personas.vectors for personas in (*clusterings.values(), *self.groups.values()))]
        self.points = np.concatenate(parts).astype(np.float32)
        self.starts = np.cumsum([len(part) for part in parts])
        self.tables: dict[str, Vectors] = {}

    def rows(self, test: Survey, vectors: Vectors) -> Iterator[tuple[str, Callable[[], Predictions]]]:
        """Yield name and prediction of every row.

        A respondent belongs to the cluster nearest by expected answers. A respondent whose trait value is missing, or
        unknown to ``train``, is predicted by the mean of all vectors.

        Args:
            test: Answers to predict.
            vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        """
        starts = iter(self.starts)
        for (k, personas), start in zip(self.clusterings.items(), starts, strict=False):
            point = start + positions(personas.of(self.embedder, vectors), personas.names)
            yield f"cluster k={k}", partial(self._predict, test, point)
        for (traits, personas), start in zip(self.groups.items(), starts, strict=False):
            name = PAIR.join(traits)
            values = _crossed(test, traits).traits[name]
            group = positions(values, [of_value.removeprefix(f"{name}=") for of_value in personas.names])
            point = np.where(group == NOWHERE, EVERYBODY, start + group)
            yield f"demographic: {name}", partial(self._predict, test, point)

    def _predict(self, test: Survey, point: IntArray) -> Predictions:
        def predict(respondents: IntArray, question: Question) -> Vectors:
            if question.id not in self.tables:
                self.tables[question.id] = self.lm.predict(self.points, question)
            return self.tables[question.id][point[respondents]]

        return each_question(predict, test)


def _crossed(survey: Survey, traits: tuple[str, ...]) -> Survey:
    """The survey with a trait that crosses two, ``"POLPARTY x EDUCATION"``, missing where one of them is."""
    if len(traits) == 1:
        return survey
    both = survey.traits[list(traits)].dropna().astype(str).agg(PAIR.join, axis=1)
    return replace(survey, traits=survey.traits.assign(**{PAIR.join(traits): both}))
