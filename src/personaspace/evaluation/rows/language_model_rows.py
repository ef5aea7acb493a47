"""Rows of the table at every respondent's own vector: individuals of a steered model, and the question prior."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

import numpy as np
import torch

from personaspace.errors import SettingError
from personaspace.evaluation.predictions import Predictions
from personaspace.newquestions.option_weights import OptionWeights
from personaspace.steer.answering import Answerer
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


def individual(lm: Answerer, vectors: Vectors, test: Survey, **how: Unpack[AskOptions]) -> Predictions:
    """Predict every answer by the steered model at the respondent's own vector.

    Args:
        lm: The steered model.
        vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        test: Answers to predict.
        how: As in :class:`~personaspace.steer.steering.AskSettings`.
    """
    return _each_respondent(lambda points, question: lm.predict(points, question, **how), vectors, test)


def question_prior(weights: Callable[[Question], OptionWeights], vectors: Vectors, test: Survey) -> Predictions:
    """Predict every answer by the question prior: what the embedding space expects, by the question's text.

    Args:
        weights: The option weights of a question: those of the space, or those that a steered model is given.
        vectors: A vector for each respondent of ``test``, shape ``[respondents, dim]``.
        test: Answers to predict.
    """

    def predict(points: Vectors, question: Question) -> Vectors:
        return weights(question).log_odds(torch.from_numpy(points)).softmax(dim=1).numpy()

    return _each_respondent(predict, vectors, test)


def given_weights(lm: SteeredLM, question: Question) -> OptionWeights:
    """The option weights that a steered model is given for a question.

    Raises:
        SettingError: Its soft-prompting model is not informed.
    """
    weights = lm.steering.option_weights(question)
    if weights is None:
        raise SettingError("this model has no question prior: train it with soft_prompt='informed'")
    return weights


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
