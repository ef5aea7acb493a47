r"""Log-odds of every option, linear in a respondent's vector: l_o(u) = y_o . [1, u], centred within each question.

A fitted embedder knows its own. Where there are only vectors, the answers to each question are regressed on them, but
for the validation answers (:func:`validation_mask`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask


@runtime_checkable
class HasLogOdds(Protocol):
    """Knows the log-odds of its questions' options, as a fitted embedder does."""

    def option_log_odds(self, ids: Sequence[str]) -> FloatArray:
        """Weights of the options' log-odds, shape ``[options of these questions, 1 + dim]``."""


def log_odds(survey: Survey, embedder: object, vectors: Vectors) -> FloatArray:
    """Weights of every option's log-odds.

    Args:
        survey: Training answers.
        embedder: Fitted on it; of anything but an embedder only the vectors count.
        vectors: Of the survey's respondents, shape ``[respondents, dim]``.

    Returns:
        Shape ``[options of all questions, 1 + dim]``.
    """
    if isinstance(embedder, HasLogOdds):
        return embedder.option_log_odds([question.id for question in survey.questions])
    answers = survey.answers.where(~validation_mask(survey))
    parts = []
    for j, question in enumerate(survey.questions):
        rows = answers.question == j
        parts.append(_of_answers(vectors[answers.respondent[rows]], answers.option[rows], len(question.options)))
    return np.concatenate(parts)


def with_one(vectors: Vectors | FloatArray) -> FloatArray:
    """Vectors with a 1 before each, shape ``[n, 1 + dim]``."""
    return np.concatenate([np.ones((len(vectors), 1)), vectors], axis=1)


def _of_answers(vectors: Vectors, chosen: IntArray, options: int) -> FloatArray:
    """Weights of one question's options by multinomial logistic regression; options nobody chose are unlikely."""
    from sklearn.linear_model import LogisticRegression

    weights: FloatArray = np.zeros((options, 1 + vectors.shape[1]))
    shares = (np.bincount(chosen, minlength=options) + 0.5) / (len(chosen) + 0.5 * options)
    weights[:, 0] = np.log(shares)
    given = np.unique(chosen)
    if len(given) > 1:
        model = LogisticRegression(max_iter=200).fit(vectors, chosen)
        slopes, intercept = model.coef_, model.intercept_
        if len(given) == 2:
            slopes, intercept = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-intercept, intercept]) / 2
        level = weights[given, 0].mean() - intercept.mean()
        weights[given, 0], weights[given, 1:] = intercept + level, slopes
    weights -= weights.mean(axis=0)
    return weights
