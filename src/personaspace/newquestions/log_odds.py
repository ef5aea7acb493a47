r"""What a space says of the options of its questions, as log-odds linear in a point: l_o(u) = y_o . [1, u].

Log-odds are centred within a question. A fitted embedder is asked (:class:`Predicts`); where there are only points,
each question's answers are regressed on them, but for those of :func:`validation_mask`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

MOST_POINTS = 5000
TOGETHER = 200


@runtime_checkable
class Predicts(Protocol):
    """A space that says how its points answer questions: what a fitted embedder offers."""

    def predict_questions(self, vectors: Vectors, ids: Sequence[str]) -> list[Vectors]:
        """Probability of the options of each of these questions, ``[points, options]`` a question."""


def log_odds(survey: Survey, space: object, vectors: Vectors) -> FloatArray:
    """Weights of every option's log-odds.

    Args:
        survey: Training answers.
        space: Asked if it can foretell.
        vectors: Of the survey's respondents, shape ``[respondents, dim]``.

    Returns:
        Shape ``[options of all questions, 1 + dim]``.
    """
    if isinstance(space, Predicts):
        return _asked(survey, space, vectors)
    answers = survey.answers.where(~validation_mask(survey))
    parts = []
    for question, of_question in enumerate(survey.questions):
        rows = answers.question == question
        chosen = answers.option[rows]
        parts.append(_regressed(vectors[answers.respondent[rows]], chosen, len(of_question.options)))
    return np.concatenate(parts)


def with_one(vectors: Vectors | FloatArray) -> FloatArray:
    """Vectors with a 1 before each, shape ``[n, 1 + dim]``."""
    return np.concatenate([np.ones((len(vectors), 1)), vectors], axis=1)


def _asked(survey: Survey, space: Predicts, vectors: Vectors) -> FloatArray:
    some = vectors[:: max(1, len(vectors) // MOST_POINTS)]
    ids = [question.id for question in survey.questions]
    parts = []
    for start in range(0, len(ids), TOGETHER):
        foretold = space.predict_questions(some, ids[start : start + TOGETHER])
        odds = [_centred(np.log(np.maximum(part.astype(np.float64), 1e-9))) for part in foretold]
        parts.append(np.linalg.lstsq(with_one(some), np.concatenate(odds, axis=1), rcond=None)[0].T)
    return np.asarray(np.concatenate(parts), dtype=np.float64)


def _regressed(points: Vectors, chosen: IntArray, options: int) -> FloatArray:
    """Weights of one question's options by multinomial logistic regression; options nobody chose are unlikely."""
    from sklearn.linear_model import LogisticRegression

    weights: FloatArray = np.zeros((options, 1 + points.shape[1]))
    shares = (np.bincount(chosen, minlength=options) + 0.5) / (len(chosen) + 0.5 * options)
    weights[:, 0] = np.log(shares)
    given = np.unique(chosen)
    if len(given) > 1:
        model = LogisticRegression(max_iter=200).fit(points, chosen)
        slopes, intercept = model.coef_, model.intercept_
        if len(given) == 2:
            slopes, intercept = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-intercept, intercept]) / 2
        level = weights[given, 0].mean() - intercept.mean()
        weights[given, 0], weights[given, 1:] = intercept + level, slopes
    weights -= weights.mean(axis=0)
    return weights


def _centred(rows: FloatArray) -> FloatArray:
    centred: FloatArray = rows - rows.mean(axis=1, keepdims=True)
    return centred
