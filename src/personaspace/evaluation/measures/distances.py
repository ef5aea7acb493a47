"""How far predicted distributions of answers are from those given: of each question, or within groups of people.

For one question, or one question within a group, P is the weighted mean of its answers' predictions and A the weighted
distribution of the answers. Every measure is averaged over these cells; those without a weighted answer are left out.
"""

from __future__ import annotations

import numpy as np

from personaspace.evaluation.measures.averages import known_mean, ratio
from personaspace.evaluation.measures.distributions import Distributions, distributions
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray


def total_variation(
    predictions: Predictions, weights: FloatArray | None = None, known: Distributions | None = None
) -> FloatArray:
    """Total variation distance of predicted and actual answers: the mean of 1/2 sum_o |P(o) - A(o)|.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        known: The distributions under these weights, where they are known already: of each question, or of each cell.

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``.

    Example:
        Predicted (.7, .3) on average, answered (.5, .5): (.2 + .2) / 2.

        >>> p = Predictions([[0.8, 0.2], [0.6, 0.4]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print(total_variation(p).round(6))
        0.2
    """
    return known_mean((known or distributions(predictions, weights)).errors / 2)


def topline_error(
    predictions: Predictions, weights: FloatArray | None = None, known: Distributions | None = None
) -> FloatArray:
    """Mean absolute error of the options' shares, in percentage points: 100 mean_o |P(o) - A(o)|.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        known: The distributions under these weights, where they are known already: of each question, or of each cell.

    Returns:
        In [0, 100], 0 is best, one value per row of ``weights``.

    Example:
        Predicted 70% and 30%, answered 50% and 50%: 20 points off at each option.

        >>> p = Predictions([[0.8, 0.2], [0.6, 0.4]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print(topline_error(p).round(6))
        20.0
    """
    known = known or distributions(predictions, weights)
    return known_mean(100 * known.errors / known.sizes)


def wasserstein(
    predictions: Predictions, weights: FloatArray | None = None, known: Distributions | None = None
) -> FloatArray:
    """1-Wasserstein distance on the ordinal scale over its maximum, of ordinal questions.

    For one question W = integral |F_P(x) - F_A(x)| dx / (max x - min x), F the cumulative distributions over
    the options that have a position; other options are left out and the rest scaled to sum to 1. One minus this is
    OpinionQA's alignment.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        known: The distributions under these weights, where they are known already: of each question, or of each cell.

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``; NaN where no question is ordinal.

    Example:
        All predicted at the lowest of three options, all answered the middle one: half the scale away.

        >>> p = Predictions([[1.0, 0.0, 0.0]], [1], [0], [0], [[0.0, 0.5, 1.0]])
        >>> print(wasserstein(p))
        0.5
    """
    x, predicted, actual = (known or distributions(predictions, weights)).ordinal
    gap = np.abs(np.cumsum(predicted - actual, axis=-1)[..., :-1])
    steps = np.nan_to_num(np.diff(x, axis=-1)) / (np.nanmax(x, axis=-1) - np.nanmin(x, axis=-1))[:, None]
    return known_mean(np.einsum("...co,co->...c", gap, steps))


def sd_ratio(
    predictions: Predictions, weights: FloatArray | None = None, known: Distributions | None = None
) -> FloatArray:
    """Spread of simulated answers over the spread of real ones; below 1 the simulated people are too alike.

    Per ordinal question, the standard deviation of x under the mean prediction P (what answers drawn from the
    predictions would have: their own spread plus that of their means) and under the actual answers A. The ratio is
    that of the two means over questions, so that a question all answered alike divides nothing by 0.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        known: The distributions under these weights, where they are known already: of each question, or of each cell.

    Returns:
        At least 0, 1 is best, one value per row of ``weights``; NaN where the real answers have no spread.

    Example:
        Answers 0 and 1 have standard deviation .5; predictions of (.9, .1) for both have sqrt(.9 x .1) = .3.

        >>> p = Predictions([[0.9, 0.1], [0.9, 0.1]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print(sd_ratio(p).round(6))
        0.6
    """
    x, predicted, actual = (known or distributions(predictions, weights)).ordinal
    simulated, real = (known_mean(_spread(np.nan_to_num(x), of)) for of in (predicted, actual))
    return ratio(simulated, np.where(real > 0, real, np.nan))


def _spread(x: FloatArray, of: FloatArray) -> FloatArray:
    mean, square = (np.einsum("...co,co->...c", of, power) for power in (x, x**2))
    spread: FloatArray = np.sqrt(np.maximum(square - mean**2, 0))
    return spread
