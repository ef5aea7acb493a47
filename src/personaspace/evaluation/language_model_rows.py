"""Rows of the table that need a language model: the raw question, individual personas, groups."""

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
from personaspace.persona.soft_membership import nearest_persona
from personaspace.steer.answering import Answerer
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


def raw_question(lm: SteeredLM, test: Survey) -> Predictions:
    """The base model alone: it sees the question and nothing of the respondent."""
    sizes = [len(question.options) for question in test.questions]
    table = base_probabilities(lm.model, [question_prompt(question) for question in test.questions], sizes).numpy()
    return Predictions.of(test, _normalized(table[test.answers.question]))


def individual(lm: Answerer, vectors: Vectors, test: Survey, **how: Unpack[AskOptions]) -> Predictions:
    """Everybody speaks from their own vector, shape ``[respondents, dim]``, asked as ``how`` says."""
    return _everybody(lambda points, question: lm.predict(points, question, **how), vectors, test)


def question_prior(lm: SteeredLM, vectors: Vectors, test: Survey) -> Predictions:
    """What an informed soft-prompting model is told, without the language model: likely answers by the question's text.

    Args:
        lm: A model with an informed soft-prompting model.
        vectors: Where the respondents stand, shape ``[respondents, dim]``.
        test: Answers to predict.
    """

    def predict(points: Vectors, question: Question) -> Vectors:
        expected = lm.steering.expected(question)
        if expected is None:
            raise SettingError("this model's soft-prompting model is not told what the space expects: use 'informed'")
        return expected.log_odds(torch.from_numpy(points)).softmax(dim=1).numpy()

    return _everybody(predict, vectors, test)


def _everybody(predict: Callable[[Vectors, Question], Vectors], vectors: Vectors, test: Survey) -> Predictions:
    answers = test.answers
    probabilities = np.zeros((len(answers), max(len(question.options) for question in test.questions)))
    for j, question in enumerate(test.questions):
        rows = np.flatnonzero(answers.question == j)
        if len(rows):
            probabilities[rows, : len(question.options)] = predict(vectors[answers.respondent[rows]], question)
    return Predictions.of(test, _normalized(probabilities))


class GroupRows:
    """Rows in which one point speaks for many respondents: clusters and demographic groups.

    All groups are asked a question in one pass, and once for all evaluation sets.

    Args:
        lm: The steered model.
        space: The embedder, fitted on ``train``.
        train: The training respondents and their traits.
        clusters: Cluster personas, or ``None``.
    """

    def __init__(self, lm: SteeredLM, space: Embedder, train: Survey, clusters: Personas | None) -> None:
        self.lm, self.space = lm, space
        self.clusters = clusters
        traits = [str(trait) for trait in train.traits.columns if train.traits[trait].notna().any()]
        self.groups = {trait: demographic_personas(space, train, trait) for trait in traits}
        everybody = space.respondents_.mean(axis=0, keepdims=True)
        parts = [everybody, *(personas.vectors for personas in (*self.groups.values(), clusters) if personas)]
        self.points = np.concatenate(parts).astype(np.float32)
        self.starts = np.cumsum([len(part) for part in parts])
        self.tables: dict[tuple[str, ...], FloatArray] = {}

    def rows(self, test: Survey, vectors: Vectors) -> Iterator[tuple[str, Callable[[], Predictions]]]:
        """Name and prediction of every row.

        Args:
            test: Answers to predict.
            vectors: Where its respondents stand, shape ``[respondents, dim]``; the cluster nearest by expected answers
                speaks for them.
        """
        if self.clusters:
            place = self.starts[-2] + nearest_persona(self.clusters, self.space, vectors)
            yield f"cluster k={len(self.clusters)}", partial(self._predict, test, place)
        for start, (trait, personas) in zip(self.starts, self.groups.items(), strict=False):
            index = {name.removeprefix(f"{trait}="): start + at for at, name in enumerate(personas.names)}
            place = np.array([index.get(value, 0) for value in test.traits[trait]], dtype=np.int64)
            yield f"demographic: {trait}", partial(self._predict, test, place)

    def _predict(self, test: Survey, place: IntArray) -> Predictions:
        return Predictions.from_table(test, self._table(test), place[test.answers.respondent])

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
