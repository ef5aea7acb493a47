"""Answers as a matrix: a row per respondent, a column per question the embedder knows, and per trait behind them."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray, Vectors
from personaspace.survey.survey import Survey

BLANK = -1
"""Stands in an answer matrix where there is no answer."""


def answer_matrix(embedder: Embedder, survey: Survey) -> IntArray:
    """The survey's answers to the questions an embedder knows, and the traits it places respondents by.

    Args:
        embedder: Fitted.
        survey: Any; questions are matched by id.

    Returns:
        The option chosen, :data:`BLANK` where none; shape ``[respondents, placed_by_ of the embedder]``.

    Raises:
        SurveyError: A question has other options than when the embedder was fitted.
    """
    answers = embedder.known_answers(survey)
    matrix = np.full((len(survey.respondents), len(embedder.placed_by_)), BLANK, np.int64)
    matrix[answers.respondent, answers.question] = answers.option
    return matrix


def survey_of_matrix(embedder: Embedder, matrix: IntArray) -> Survey:
    """A survey with the answers of an answer matrix, traits among its questions; its respondents are numbered."""
    respondent, question = np.nonzero(matrix != BLANK)
    return Survey(
        tuple(map(str, range(len(matrix)))),
        embedder.placed_by_,
        Answers(respondent, question, matrix[respondent, question]),
    )


def predict_matrix(embedder: Embedder, matrix: IntArray) -> Vectors:
    """Probabilities of the questions' options from the answers of a matrix, shape ``[respondents, options]``."""
    return embedder.predict(embedder.embed(survey_of_matrix(embedder, matrix)))
