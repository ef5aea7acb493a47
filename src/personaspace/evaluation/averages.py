"""What every metric shares: what each respondent counts, means over questions, and a ratio that may have no value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray

Metric = Callable[[Predictions, FloatArray | None], FloatArray]
"""From predictions and weights, ``[respondents]`` or ``[resamples, respondents]``, to one value per row of weights."""


def weights_of(predictions: Predictions, weights: FloatArray | None) -> FloatArray:
    """The weights given, else those of the predictions."""
    return predictions.weight if weights is None else np.asarray(weights, dtype=np.float64)


def mean_over_questions(values: list[FloatArray], predictions: Predictions, weights: FloatArray | None) -> FloatArray:
    """Mean over questions, those without any weighted answer left out; NaN where none is left.

    Args:
        values: Per question, one value per row of ``weights``.
        predictions: What they were computed from.
        weights: What each respondent counts.

    Returns:
        One value per row of ``weights``.
    """
    shape = weights_of(predictions, weights).shape[:-1]
    table = np.array(values).reshape(len(values), *shape)
    known = ~np.isnan(table)
    return ratio(np.where(known, table, 0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The quotient, without a word about division by 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(numerator, denominator)
