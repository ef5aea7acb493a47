"""Bootstrap intervals of a metric, over respondents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED
from personaspace.evaluation.measures.averages import Metric
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray

CELLS = 2**23
"""Most resampled weights, or weighted sums of options, in memory at a time."""


class Interval(NamedTuple):
    """A metric's value and the interval around it."""

    value: float
    low: float
    high: float


class Sampled(NamedTuple):
    """A metric's value on all respondents, and on resampled ones, shape ``[resamples]``."""

    value: float
    resampled: FloatArray

    @property
    def moved(self) -> FloatArray:
        """The resampled values that exist, moved so that their mean is the value: free of the noise of resampling."""
        known = self.resampled[~np.isnan(self.resampled)]
        return self.value + known - known.mean() if len(known) else known

    def interval(self, level: float = 0.95) -> Interval:
        """The value and the range in which this share of the moved values lies; NaN where there is none."""
        moved, tail = self.moved, (1 - level) / 2
        low, high = np.quantile(moved, [tail, 1 - tail]) if len(moved) else (np.nan, np.nan)
        return Interval(self.value, float(low), float(high))


def bootstrap(
    metric: Metric,
    predictions: Predictions,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    weighted: bool = False,
) -> Interval:
    """Compute a metric and its bootstrap interval: respondents are drawn with replacement, each with all their answers.

    The interval is value + (quantiles of the resampled values - their mean). For accuracy and log-loss that is the
    percentile interval; distances between distributions and calibration errors grow by the noise that resampling
    itself adds, and the subtraction takes that growth out again.

    Args:
        metric: One of :data:`personaspace.evaluation.measures.metrics.METRICS`.
        predictions: Predictions and answers; respondents without answers are not drawn.
        resamples: How many times to draw, at least 1.
        level: Share of the resampled values that lie inside the interval, between 0 and 1.
        seed: Equal seeds draw the same respondents, so that methods are compared on equal draws.
        weighted: Whether respondents count by their survey weights rather than alike.

    Returns:
        The metric on all respondents, and its interval.

    Raises:
        SettingError: ``resamples``, ``level`` or ``seed`` outside their range.

    Example:
        >>> from personaspace.evaluation.measures.metrics import macro_accuracy
        >>> n = 400
        >>> half = Predictions([[1.0, 0.0]] * n, [0, 1] * (n // 2), range(n), [0] * n, [[0, 1]])
        >>> value, low, high = bootstrap(macro_accuracy, half)
        >>> value, 0.04 < value - low < 0.06, 0.04 < high - value < 0.06
        (0.5, True, True)
    """
    level = check_number("level", level, 0, 1, above=True, below=True)
    return resampled(lambda *given: {"": metric(*given)}, predictions, resamples, seed, weighted)[""].interval(level)


def resampled(
    measure: Callable[[Predictions, FloatArray | None], Mapping[str, FloatArray]],
    predictions: Predictions,
    resamples: int = 1000,
    seed: int = 0,
    weighted: bool = False,
) -> dict[str, Sampled]:
    """Compute several metrics on all respondents and on the same resampled ones; see :func:`bootstrap`.

    A single respondent is not resampled: one person says nothing of how people differ.

    Args:
        measure: From predictions and weights to the metrics by name.
        predictions: See :func:`bootstrap`.
        resamples: See :func:`bootstrap`; fewer of one seed are the first of more.
        seed: See :func:`bootstrap`.
        weighted: See :func:`bootstrap`.

    Raises:
        SettingError: ``resamples`` or ``seed`` outside its range.
    """
    check_whole("resamples", resamples, least=1)
    check_whole("seed", seed, least=0, most=MAX_SEED)
    own = predictions.weight if weighted else None
    if len(np.unique(predictions.respondent)) < 2:
        return {name: Sampled(float(value), np.empty(0)) for name, value in measure(predictions, own).items()}
    blocks = [measure(predictions, weights) for weights in _draws(predictions, own, resamples, seed)]
    return {
        name: Sampled(float(value), np.concatenate([block[name] for block in blocks]))
        for name, value in measure(predictions, own).items()
    }


def _draws(predictions: Predictions, own: FloatArray | None, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Blocks of resampled weights, each of shape [some resamples, respondents], stored respondent by respondent."""
    rng = np.random.default_rng(seed)
    respondents = len(predictions.weight)
    present = np.unique(predictions.respondent)
    block = max(1, CELLS // max(respondents, 2 * predictions.positions.size))
    for start in range(0, resamples, block):
        drawn = rng.integers(len(present), size=(min(block, resamples - start), len(present)))
        weights = np.zeros((respondents, len(drawn)))
        weights[present] = np.array([np.bincount(row, minlength=len(present)) for row in drawn]).T
        yield (weights if own is None else weights * own[:, None]).T
