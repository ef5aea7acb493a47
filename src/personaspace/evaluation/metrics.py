"""How well predictions fit the answers: numpy only, each metric with a worked example.

Every metric is a function of the predictions and of the respondents' weights. ``weights`` has shape
``[respondents]`` and gives one value, or ``[resamples, respondents]`` and gives one value per row: a bootstrap
is the same metric under resampled weights. Without weights, those of the predictions are used.

Notation: respondent i has weight w_i and gave n_i answers; p_a(o) is the predicted probability of option o for answer
a, y_a the option chosen, x_o the ordinal position of an option.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from personaspace.evaluation.averages import Metric, mean_over_questions, ratio, rows_by_question, weights_of
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray

Distributions = list[tuple[FloatArray, FloatArray, FloatArray]]
"""Per question that has answers: positions [options], predicted and actual weighted sums [..., options]."""

FLOOR = 1e-12
"""Probabilities below this are raised to it before the logarithm."""


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
    hits = _sums(predictions, _hits(predictions))
    answers = _sums(predictions)
    answered = answers > 0
    counted = weights_of(predictions, weights)[..., answered]
    return ratio(counted @ (hits[answered] / answers[answered]), counted.sum(axis=-1))


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
    surprise = _sums(predictions, -np.log(np.maximum(chosen, FLOOR)))
    counted = weights_of(predictions, weights)
    return ratio(counted @ surprise, counted @ _sums(predictions))


def ece(predictions: Predictions, weights: FloatArray | None = None, bins: int = 15) -> FloatArray:
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
    confidence = predictions.probabilities.max(axis=1)
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    respondents = len(predictions.weight)
    cells = predictions.respondent * bins + bin_of
    gap = np.bincount(cells, _hits(predictions) - confidence, respondents * bins).reshape(respondents, bins)
    counted = weights_of(predictions, weights)
    return ratio(np.abs(counted @ gap).sum(axis=-1), counted @ _sums(predictions))


def total_variation(
    predictions: Predictions, weights: FloatArray | None = None, shared: Distributions | None = None
) -> FloatArray:
    """Distance of predicted and actual answer distributions, averaged over questions.

    For one question TV = 1/2 sum_o |P(o) - A(o)|, with P the weighted mean of its answers' predictions and A
    the weighted distribution of the answers.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        shared: The distributions under these weights, if they are known already.

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``.

    Example:
        Predicted (.7, .3) on average, answered (.5, .5): (.2 + .2) / 2.

        >>> p = Predictions([[0.8, 0.2], [0.6, 0.4]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print(total_variation(p).round(6))
        0.2
    """
    distances = [
        np.abs(_shares(predicted) - _shares(actual)).sum(axis=-1) / 2
        for _, predicted, actual in shared or _distributions(predictions, weights)
    ]
    return mean_over_questions(distances, predictions, weights)


def wasserstein(
    predictions: Predictions, weights: FloatArray | None = None, shared: Distributions | None = None
) -> FloatArray:
    """1-Wasserstein distance on the ordinal scale over its maximum, averaged over ordinal questions.

    For one question W = integral |F_P(x) - F_A(x)| dx / (max x - min x), F the cumulative distributions over
    the options that have a position; other options are left out and the rest scaled to sum to 1. One minus this is
    OpinionQA's alignment.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        shared: The distributions under these weights, if they are known already.

    Returns:
        In [0, 1], 0 is best, one value per row of ``weights``; NaN where no question is ordinal.

    Example:
        All predicted at the lowest of three options, all answered the middle one: half the scale away.

        >>> p = Predictions([[1.0, 0.0, 0.0]], [1], [0], [0], [[0.0, 0.5, 1.0]])
        >>> print(wasserstein(p))
        0.5
    """
    distances = []
    for x, predicted, actual in _ordinal(shared or _distributions(predictions, weights)):
        gap = np.cumsum(predicted - actual, axis=-1)[..., :-1]
        distances.append(np.abs(gap) @ np.diff(x) / (x[-1] - x[0]))
    return mean_over_questions(distances, predictions, weights)


def sd_ratio(
    predictions: Predictions, weights: FloatArray | None = None, shared: Distributions | None = None
) -> FloatArray:
    """Spread of simulated answers over the spread of real ones; below 1 the simulated people are too alike.

    Per ordinal question, the standard deviation of x under the mean prediction P (what answers drawn from the
    predictions would have: their own spread plus that of their means) and under the actual answers A. The ratio is
    that of the two means over questions, so that a question all answered alike divides nothing by 0.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        shared: The distributions under these weights, if they are known already.

    Returns:
        At least 0, 1 is best, one value per row of ``weights``; NaN where the real answers have no spread.

    Example:
        Answers 0 and 1 have standard deviation .5; predictions of (.9, .1) for both have sqrt(.9 x .1) = .3.

        >>> p = Predictions([[0.9, 0.1], [0.9, 0.1]], [0, 1], [0, 1], [0, 0], [[0, 1]])
        >>> print(sd_ratio(p).round(6))
        0.6
    """
    spreads = [
        (_spread(x, predicted), _spread(x, actual))
        for x, predicted, actual in _ordinal(shared or _distributions(predictions, weights))
    ]
    simulated, real = (mean_over_questions([pair[side] for pair in spreads], predictions, weights) for side in (0, 1))
    return ratio(simulated, np.where(real > 0, real, np.nan))


def measure(predictions: Predictions, weights: FloatArray | None = None) -> dict[str, FloatArray]:
    """Every metric, by name; those that compare distributions share them.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.

    Returns:
        One value per row of ``weights`` each.
    """
    shared = _distributions(predictions, weights)
    own = {"wasserstein": wasserstein, "sd_ratio": sd_ratio, "total_variation": total_variation}
    return {
        name: own[name](predictions, weights, shared) if name in own else metric(predictions, weights)
        for name, metric in METRICS.items()
    }


METRICS: dict[str, Metric] = {
    "macro_accuracy": macro_accuracy,
    "log_loss": log_loss,
    "wasserstein": wasserstein,
    "ece": ece,
    "sd_ratio": sd_ratio,
    "total_variation": total_variation,
}
"""Every metric by the name it has in tables; the first is the main one."""

BEST: dict[str, float] = {
    "macro_accuracy": np.inf,
    "log_loss": -np.inf,
    "wasserstein": -np.inf,
    "ece": -np.inf,
    "sd_ratio": 1.0,
    "total_variation": -np.inf,
}
"""What each metric should be: infinite where it should be as high, minus infinite where as low as possible."""


def _sums(predictions: Predictions, values: FloatArray | None = None) -> FloatArray:
    """Sum over each respondent's answers, of ones by default; shape [respondents]."""
    return np.bincount(predictions.respondent, values, len(predictions.weight)).astype(np.float64)


def _hits(predictions: Predictions) -> FloatArray:
    """1 where the most probable option was chosen, 1/m where it ties with m - 1 others, else 0; shape [answers]."""
    top = predictions.probabilities == predictions.probabilities.max(axis=1, keepdims=True)
    return ratio(top[np.arange(len(top)), predictions.option].astype(np.float64), top.sum(axis=1))


def _distributions(predictions: Predictions, weights: FloatArray | None) -> Distributions:
    """Per question that has answers: positions [options], predicted and actual weighted sums [..., options]."""
    counted = weights_of(predictions, weights).T  # [respondents] or [respondents, resamples]
    width = predictions.positions.shape[1]
    chances = np.hstack([predictions.probabilities, np.eye(width)[predictions.option]])
    found = []
    for rows in rows_by_question(predictions):
        weight, part = counted[predictions.respondent[rows]], chances[rows]
        sums = np.einsum("n,no->o", weight, part) if weight.ndim == 1 else weight.T @ part  # einsum has no threads
        found.append((predictions.positions[predictions.question[rows[0]]], sums[..., :width], sums[..., width:]))
    return found


def _ordinal(distributions: Distributions) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Per ordinal question: positions in ascending order and the predicted and actual shares of these options."""
    for positions, predicted, actual in distributions:
        placed = np.argsort(positions)[: np.count_nonzero(~np.isnan(positions))]
        x = positions[placed]
        if len(x) > 1 and x[-1] > x[0]:
            yield x, _shares(predicted[..., placed]), _shares(actual[..., placed])


def _shares(sums: FloatArray) -> FloatArray:
    return ratio(sums, sums.sum(axis=-1, keepdims=True))


def _spread(x: FloatArray, shares: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(shares @ x**2 - (shares @ x) ** 2, 0))
