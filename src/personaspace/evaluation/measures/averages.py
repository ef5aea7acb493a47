"""Weighted averages that all metrics share: over respondents, over questions, and of values that may be missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

Metric = Callable[[Predictions, FloatArray | None], FloatArray]
"""From predictions and weights, ``[respondents]`` or ``[resamples, respondents]``, to one value per row of weights.

Without weights every respondent counts alike.
"""


def weights_of(predictions: Predictions, weights: FloatArray | None) -> FloatArray:
    """The weights given, else a one for every respondent."""
    return np.ones(len(predictions.weight)) if weights is None else np.asarray(weights, dtype=np.float64)


def sums_by_respondent(predictions: Predictions, values: FloatArray | None = None) -> FloatArray:
    """Sum over each respondent's answers, of ones by default; shape ``[respondents]``."""
    return np.bincount(predictions.respondent, values, len(predictions.weight)).astype(np.float64)


def rows_by(cell: IntArray) -> list[IntArray]:
    """The rows of each cell that has any, in the order of the cells; rows of a negative cell are left out."""
    order = np.argsort(cell, kind="stable")
    order = order[np.count_nonzero(cell < 0) :]
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    return np.split(order, starts)[1:]


def known_mean(values: FloatArray) -> FloatArray:
    """Average over the last axis of what is not NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The quotient; NaN or infinite, without a warning, where the denominator is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(numerator, denominator)
