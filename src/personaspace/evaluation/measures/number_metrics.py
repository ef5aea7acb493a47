"""How well predictions fit answers that are numbers: R2, rank correlation, absolute error, log density.

The predicted number is the mean of the predicted distribution over the grid of the question's scale, the density its
histogram (:class:`personaspace.survey.scale.Scale`); both are compared with the exact number given. Scales are moved
and stretched to [0, 1], so that questions of different units can be averaged.

Every measure is taken per question and averaged over questions; those without an answer are left out. ``weights`` are
as in :mod:`personaspace.evaluation.measures.metrics`. Notation: y_a is the number of answer a, m_a the predicted one,
w_a the weight of its respondent.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from personaspace.evaluation.measures.averages import Metric, known_mean, ratio, rows_by, weights_of
from personaspace.evaluation.measures.metrics import FLOOR
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray

SMALLEST = 10
"""Fewest answers to a question of which the variance explained and the rank correlation are taken."""


def r2(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Share of the variance explained: 1 - sum_a w_a (y_a - m_a)^2 / sum_a w_a (y_a - mean y)^2.

    Args:
        predictions: Predictions and answers, numbers only.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        At most 1, about 0 for the mean of the training answers, one value per row of ``weights``. A question with fewer
        than ten answers, or to which all gave one number, is left out: of few answers the ratio can be anything.

    Example:
        Answers 0, .5, 1 predicted by the middle of the scale: nothing is explained.

        >>> n, given = 12, [0, 1, 2] * 4
        >>> chances, value = [[0, 1, 0]] * n, [0, 0.5, 1] * 4
        >>> print(r2(Predictions(chances, given, range(n), [0] * n, [[0, 0.5, 1]], value=value)))
        0.0
    """
    shares = [np.full(weights_of(predictions, weights).shape[:-1], np.nan)]
    for weight, given, expected, _ in _questions(predictions, weights, SMALLEST):
        mean = ratio(weight @ given, weight.sum(axis=-1))
        spread = (weight * (given - mean[..., None]) ** 2).sum(axis=-1)
        shares.append(
            1 - ratio(weight @ (given - expected) ** 2, np.where(spread > 1e-9 * weight.sum(axis=-1), spread, np.nan))
        )
    return known_mean(np.stack(shares, axis=-1))


def rank_correlation(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Spearman's correlation of given and predicted numbers, ties at their middle rank.

    Args:
        predictions: Predictions and answers, numbers only.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        In [-1, 1], one value per row of ``weights``; a method that predicts the same for all respondents
        has 0. A question with fewer than ten answers, or to which all gave one number, is left out.

    Example:
        Four times three answers, of which the two higher ones are predicted the wrong way round:

        >>> chances, value = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]] * 4, [0.1, 0.7, 0.6] * 4
        >>> p = Predictions(chances, [0, 1, 1] * 4, range(12), [0] * 12, [[0, 1]], value=value)
        >>> print(rank_correlation(p).round(6))
        0.5
    """
    correlations = [np.full(weights_of(predictions, weights).shape[:-1], np.nan)]
    for weight, given, expected, _ in _questions(predictions, weights, SMALLEST):
        a, b = (_centred(_ranks(values, weight), weight) for values in (given, expected))
        own = (weight * a**2).sum(axis=-1)
        both = np.sqrt(own * (weight * b**2).sum(axis=-1))
        found = ratio((weight * a * b).sum(axis=-1), np.where(both > 1e-9, both, np.inf))
        correlations.append(np.where(own > 1e-9, found, np.nan))
    return known_mean(np.stack(correlations, axis=-1))


def absolute_error(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """How far off the predicted number is, as a share of the scale: sum_a w_a |y_a - m_a| / sum_a w_a.

    Args:
        predictions: Predictions and answers, numbers only.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``.

    Example:
        >>> p = Predictions([[0.5, 0.5]], [1], [0], [0], [[0, 1]], value=[0.9])
        >>> print(absolute_error(p))
        0.4
    """
    errors = [
        ratio(weight @ np.abs(given - expected), weight.sum(axis=-1))
        for weight, given, expected, _ in _questions(predictions, weights)
    ]
    return known_mean(np.stack(errors, axis=-1))


def log_density(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Mean log density at the number given, in nats, with the scale stretched to [0, 1].

    log f(y) = log p_g - log width of the cell of g, the point nearest to y. In the question's own unit it is
    log(high - low) less.

    Args:
        predictions: Predictions and answers, numbers only; probabilities below 1e-12 count as 1e-12.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        Higher is better; 0 where every number is predicted alike. One value per row of ``weights``.

    Example:
        Nine tenths of the probability on one half of the scale: the density there is 1.8.

        >>> p = Predictions([[0.9, 0.1]], [0], [0], [0], [[0, 1]], value=[0.2])
        >>> print(np.exp(log_density(p)).round(6))
        1.8
    """
    densities = [
        ratio(weight @ density, weight.sum(axis=-1)) for weight, _, _, density in _questions(predictions, weights)
    ]
    return known_mean(np.stack(densities, axis=-1))


NUMBER_METRICS: dict[str, Metric] = {
    "r2": r2,
    "rank_correlation": rank_correlation,
    "absolute_error": absolute_error,
    "log_density": log_density,
}
"""Every metric for numbers by the name it has in tables; the first is the main one."""


def measure_numbers(predictions: Predictions, weights: FloatArray | None = None) -> dict[str, FloatArray]:
    """Every metric for numbers, by name; see :func:`personaspace.evaluation.measures.metrics.measure`."""
    return {name: metric(predictions, weights) for name, metric in NUMBER_METRICS.items()}


NUMBER_BEST: dict[str, float] = {
    "r2": np.inf,
    "rank_correlation": np.inf,
    "absolute_error": -np.inf,
    "log_density": np.inf,
}
"""What each metric should be, as :data:`personaspace.evaluation.measures.metrics.BEST`."""


def _questions(
    predictions: Predictions, weights: FloatArray | None, least: int = 1
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Per question with enough answers: weights [..., answers], numbers given and expected, log density [answers]."""
    weight = weights_of(predictions, weights)
    for rows in rows_by(predictions.question):
        if len(rows) < least:
            continue
        positions = predictions.positions[predictions.question[rows[0]]]
        points = np.flatnonzero(~np.isnan(positions))
        chances = predictions.probabilities[rows][:, points]
        widths = np.full(len(points), 1 / (len(points) - 1))
        widths[[0, -1]] /= 2
        option = predictions.option[rows]
        chosen = np.maximum(chances[np.arange(len(rows)), option], FLOOR)
        density = np.log(chosen) - np.log(widths[option])
        yield weight[..., predictions.respondent[rows]], predictions.value[rows], chances @ positions[points], density


def _ranks(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted middle ranks: what counts below plus half of what ties; shape of ``weight``."""
    order = np.argsort(values.round(9), kind="stable")
    new = np.diff(values.round(9)[order], prepend=-np.inf) > 0
    sums = np.add.reduceat(weight[..., order], np.flatnonzero(new), axis=-1)
    middle = np.empty(weight.shape)
    middle[..., order] = (np.cumsum(sums, axis=-1) - sums / 2)[..., np.cumsum(new) - 1]
    return middle


def _centred(values: FloatArray, weight: FloatArray) -> FloatArray:
    return values - ratio((weight * values).sum(axis=-1), weight.sum(axis=-1))[..., None]
