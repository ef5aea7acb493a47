"""Answers as a table: a row per respondent, a column per question the embedder knows."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray
from personaspace.survey.survey import Survey

NONE = -1


def as_table(space: Embedder, survey: Survey) -> IntArray:
    """The survey's answers to the questions an embedder knows.

    Args:
        space: A fitted embedder.
        survey: Any; questions are matched by id.

    Returns:
        The option chosen, :data:`NONE` where none; shape ``[respondents, questions_ of the embedder]``.

    Raises:
        SurveyError: A question has other options than when the embedder was fitted.
    """
    answers = space.known_answers(survey)
    table = np.full((len(survey.respondents), len(space.questions_)), NONE, np.int64)
    table[answers.respondent, answers.question] = answers.option
    return table


def as_survey(space: Embedder, table: IntArray) -> Survey:
    """The inverse of :func:`as_table`: nameless respondents who answered so."""
    respondent, question = np.nonzero(table != NONE)
    return Survey(
        tuple(map(str, range(len(table)))),
        space.questions_,
        Answers(respondent, question, table[respondent, question]),
    )
