"""Weighted averages that all metrics share: over respondents, over questions, and of values that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

Metric = Callable[[Predictions, FloatArray | None], FloatArray]
"""From predictions and weights, ``[respondents]`` or ``[resamples, respondents]``, to one value per row of weights."""


def weights_of(predictions: Predictions, weights: FloatArray | None) -> FloatArray:
    """The weights given, else those of the predictions."""
    return predictions.weight if weights is None else np.asarray(weights, dtype=np.float64)


def rows_by_question(predictions: Predictions) -> Iterator[IntArray]:
    """The rows of each question that has answers, in the order of the questions."""
    order = np.argsort(predictions.question, kind="stable")
    starts = np.flatnonzero(np.diff(predictions.question[order], prepend=-1))
    yield from np.split(order, starts[1:])


def mean_over_questions(values: list[FloatArray], predictions: Predictions, weights: FloatArray | None) -> FloatArray:
    """Average over questions, leaving out those without any weighted answer; NaN where none is left.

    Args:
        values: Per question, one value per row of ``weights``.
        predictions: Predictions the values were computed from.
        weights: Weights of the respondents.

    Returns:
        One value per row of ``weights``.
    """
    shape = weights_of(predictions, weights).shape[:-1]
    table = np.array(values).reshape(len(values), *shape)
    known = ~np.isnan(table)
    return ratio(np.where(known, table, 0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The quotient; NaN or infinite, without a warning, where the denominator is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(numerator, denominator)
