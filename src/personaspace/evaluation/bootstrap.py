"""Bootstrap intervals of a metric, over respondents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED
from personaspace.evaluation.averages import Metric
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray

CELLS = 2**23
"""Most resampled weights in memory at a time."""


class Interval(NamedTuple):
    """A metric's value and the interval around it."""

    value: float
    low: float
    high: float


def bootstrap(
    metric: Metric, predictions: Predictions, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Compute a metric and its bootstrap interval: respondents are drawn with replacement, each with all their answers.

    The interval is value + (quantiles of the resampled values - their mean). For accuracy and log-loss that is the
    percentile interval; distances between distributions and calibration errors grow by the noise that resampling
    itself adds, and the subtraction takes that growth out again.

    Args:
        metric: One of :data:`personaspace.evaluation.metrics.METRICS`.
        predictions: Predictions and answers; respondents without answers are not drawn.
        resamples: How many times to draw, at least 1.
        level: Share of the resampled values that lie inside the interval, between 0 and 1.
        seed: Equal seeds draw the same respondents, so that methods are compared on equal draws.

    Returns:
        The metric on all respondents, and its interval.

    Raises:
        SettingError: ``resamples``, ``level`` or ``seed`` outside their range.

    Example:
        >>> from personaspace.evaluation.metrics import macro_accuracy
        >>> n = 400
        >>> half = Predictions([[1.0, 0.0]] * n, [0, 1] * (n // 2), range(n), [0] * n, [[0, 1]])
        >>> value, low, high = bootstrap(macro_accuracy, half)
        >>> value, 0.04 < value - low < 0.06, 0.04 < high - value < 0.06
        (0.5, True, True)
    """
    return bootstrap_all(lambda *given: {"": metric(*given)}, predictions, resamples, level, seed)[""]


def bootstrap_all(
    measure: Callable[[Predictions, FloatArray | None], Mapping[str, FloatArray]],
    predictions: Predictions,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Compute several metrics and their intervals on the same resampled respondents; see :func:`bootstrap`.

    Args:
        measure: From predictions and weights to the metrics by name.
        predictions: See :func:`bootstrap`.
        resamples: See :func:`bootstrap`.
        level: See :func:`bootstrap`.
        seed: See :func:`bootstrap`.

    Raises:
        SettingError: ``resamples``, ``level`` or ``seed`` outside their range.
    """
    check_whole("resamples", resamples, least=1)
    check_number("level", level, 0, 1, above=True, below=True)
    check_whole("seed", seed, least=0, most=MAX_SEED)
    blocks = [measure(predictions, weights) for weights in _resampled(predictions, resamples, seed)]
    return {
        name: _interval(float(value), np.concatenate([block[name] for block in blocks]), (1 - level) / 2)
        for name, value in measure(predictions, None).items()
    }


def _interval(value: float, resampled: FloatArray, tail: float) -> Interval:
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled):
        return Interval(value, np.nan, np.nan)
    low, high = value + np.quantile(resampled, [tail, 1 - tail]) - resampled.mean()
    return Interval(value, float(low), float(high))


def _resampled(predictions: Predictions, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Blocks of resampled weights, each of shape [some resamples, respondents], stored respondent by respondent."""
    rng = np.random.default_rng(seed)
    respondents = len(predictions.weight)
    present = np.unique(predictions.respondent)
    block = max(1, CELLS // respondents)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = present[rng.integers(len(present), size=(rows, len(present)))]
        counts = np.bincount((drawn * rows + np.arange(rows)[:, None]).ravel(), minlength=respondents * rows)
        yield (counts.reshape(respondents, rows) * predictions.weight[:, None]).T
