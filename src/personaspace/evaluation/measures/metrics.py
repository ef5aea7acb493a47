"""How well predictions fit the answers: numpy only, each metric with a worked example.

Every metric is a function of the predictions and of the respondents' weights. ``weights`` has shape
``[respondents]`` and gives one value, or ``[resamples, respondents]`` and gives one value per row: a bootstrap
is the same metric under resampled weights. Without weights every respondent counts alike.

Notation: respondent i has weight w_i and gave n_i answers; p_a(o) is the predicted probability of option o for answer
a, y_a the option chosen, x_o the ordinal position of an option.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from personaspace.evaluation.measures.averages import Metric, ratio, sums_by_respondent, weights_of
from personaspace.evaluation.measures.distances import sd_ratio, topline_error, total_variation, wasserstein
from personaspace.evaluation.measures.distributions import distributions
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

FLOOR = 1e-12
"""Probabilities below this are raised to it before the logarithm."""

BINS = 15
"""Bins of the confidence, the highest probability of a prediction."""


class Bin(NamedTuple):
    """Answers predicted with about the same confidence: its mean, the share predicted right, and their number."""

    confidence: float
    right: float
    answers: int


def macro_accuracy(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Accuracy per respondent, averaged over respondents: sum_i w_i (hits_i / n_i) / sum_i w_i.

    The most probable option is the prediction. Of m options that tie for most probable each counts 1/m, the
    expected accuracy of choosing among them at random.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        In [0, 1], one value per row of ``weights``.

    Example:
        Ann answers two questions, one as predicted; Bob answers one, as predicted: (1/2 + 1) / 2.

        >>> p = Predictions([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [0, 1, 1], [0, 0, 1], [0, 1, 1], [[0, 1], [0, 1]])
        >>> print(macro_accuracy(p))
        0.75
    """
    own = own_accuracy(predictions)
    answered = ~np.isnan(own)
    counted = weights_of(predictions, weights)[..., answered]
    return ratio(counted @ own[answered], counted.sum(axis=-1))


def accuracy(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Accuracy over all answers: sum_i w_i hits_i / sum_i w_i n_i, so that who answers more counts more.

    Args:
        predictions: Predictions and answers; ties count as in :func:`macro_accuracy`.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        In [0, 1], one value per row of ``weights``.

    Example:
        Ann answers two questions, one as predicted; Bob answers one, as predicted: 2/3.

        >>> p = Predictions([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [0, 1, 1], [0, 0, 1], [0, 1, 1], [[0, 1], [0, 1]])
        >>> print(accuracy(p).round(3))
        0.667
    """
    counted = weights_of(predictions, weights)
    right = sums_by_respondent(predictions, hits(predictions))
    return ratio(counted @ right, counted @ sums_by_respondent(predictions))


def log_loss(predictions: Predictions, weights: FloatArray | None = None) -> FloatArray:
    """Mean surprise of an answer, in nats: -sum_a w_a log p_a(y_a) / sum_a w_a.

    Args:
        predictions: Predictions and answers; probabilities below 1e-12 count as 1e-12.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        At least 0, lower is better, one value per row of ``weights``.

    Example:
        The chosen options had probabilities 1/2 and 1/4: (log 2 + log 4) / 2 = 1.5 log 2.

        >>> p = Predictions([[0.5, 0.5], [0.75, 0.25]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print((log_loss(p) / np.log(2)).round(6))
        1.5
    """
    chosen = predictions.probabilities[np.arange(len(predictions)), predictions.option]
    surprise = sums_by_respondent(predictions, -np.log(np.maximum(chosen, FLOOR)))
    counted = weights_of(predictions, weights)
    return ratio(counted @ surprise, counted @ sums_by_respondent(predictions))


def ece(predictions: Predictions, weights: FloatArray | None = None, bins: int = BINS) -> FloatArray:
    """Expected calibration error of the most probable option: sum_b |hits_b - confidence_b| / answers.

    Answers are put into equal-width bins of their highest probability; hits_b and confidence_b are the bin's
    (weighted) sums. Ties count as in :func:`macro_accuracy`.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        bins: How many bins divide [0, 1].

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``.

    Example:
        Four answers predicted with confidence .9, of which three came true: |.75 - .9|.

        >>> p = Predictions([[0.9, 0.1]] * 4, [0, 0, 0, 1], [0, 1, 2, 3], [0] * 4, [[0, 1]])
        >>> print(ece(p).round(6))
        0.15
    """
    confidence, bin_of = _bins(predictions, bins)
    respondents = len(predictions.weight)
    cells = predictions.respondent * bins + bin_of
    gap = np.bincount(cells, hits(predictions) - confidence, respondents * bins).reshape(respondents, bins)
    counted = weights_of(predictions, weights)
    return ratio(np.abs(counted @ gap).sum(axis=-1), counted @ sums_by_respondent(predictions))


def reliability(predictions: Predictions, bins: int = BINS) -> list[Bin]:
    """The reliability curve behind :func:`ece`: how often predictions of about the same confidence come true.

    Args:
        predictions: Predictions and answers.
        bins: How many bins of equal width divide [0, 1].

    Returns:
        The bins that hold answers, in ascending order; every answer counts alike.

    Example:
        >>> p = Predictions([[0.9, 0.1]] * 4, [0, 0, 0, 1], [0, 1, 2, 3], [0] * 4, [[0, 1]])
        >>> reliability(p)
        [Bin(confidence=0.9, right=0.75, answers=4)]
    """
    confidence, bin_of = _bins(predictions, bins)
    answers = np.bincount(bin_of, minlength=bins).astype(np.float64)
    sums = (np.bincount(bin_of, values, bins).astype(np.float64) for values in (confidence, hits(predictions)))
    means = zip(*(ratio(of_bin, answers).tolist() for of_bin in sums), answers.tolist(), strict=True)
    return [Bin(confidence, right, int(number)) for confidence, right, number in means if number]


def measure(predictions: Predictions, weights: FloatArray | None = None) -> dict[str, FloatArray]:
    """Every metric, by name; those that compare distributions share them.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        One value per row of ``weights`` each.
    """
    known = distributions(predictions, weights)
    return {
        name: DISTANCES[name](predictions, weights, known) if name in DISTANCES else metric(predictions, weights)
        for name, metric in METRICS.items()
    }


DISTANCES = {
    "wasserstein": wasserstein,
    "total_variation": total_variation,
    "topline_error": topline_error,
    "sd_ratio": sd_ratio,
}
"""Metrics that compare distributions."""

METRICS: dict[str, Metric] = {"macro_accuracy": macro_accuracy, "log_loss": log_loss, "ece": ece, **DISTANCES}
"""Every metric by the name it has in tables; the first is the main one."""

BEST: dict[str, float] = {
    "macro_accuracy": np.inf,
    "log_loss": -np.inf,
    "ece": -np.inf,
    "wasserstein": -np.inf,
    "total_variation": -np.inf,
    "topline_error": -np.inf,
    "sd_ratio": 1.0,
    "correlation_slope": 1.0,
    "worst_group": np.inf,
    "parity_gap": -np.inf,
}
"""What each metric should be: infinite where it should be as high, minus infinite where as low as possible."""


def own_accuracy(predictions: Predictions) -> FloatArray:
    """Each respondent's share of answers predicted right, NaN without answers; shape ``[respondents]``."""
    return ratio(sums_by_respondent(predictions, hits(predictions)), sums_by_respondent(predictions))


def hits(predictions: Predictions) -> FloatArray:
    """1 where the most probable option was chosen, 1/m where it ties with m - 1 others, else 0; shape ``[answers]``."""
    top = predictions.probabilities == predictions.probabilities.max(axis=1, keepdims=True)
    return ratio(top[np.arange(len(top)), predictions.option].astype(np.float64), top.sum(axis=1))


def _bins(predictions: Predictions, bins: int) -> tuple[FloatArray, IntArray]:
    """Of each answer the confidence and the bin it falls into."""
    confidence = predictions.probabilities.max(axis=1)
    return confidence, np.minimum((confidence * bins).astype(np.int64), bins - 1)
