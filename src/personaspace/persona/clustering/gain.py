"""Gain: how much better clusters predict validation answers than everybody together, with a 95% interval, in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.normal import Z95

NOT_TESTED = (
    "Whether clusters predict answers better than one cluster of everybody could not be tested: that takes a survey "
    "with at least 30 validation answers."
)
NO_GROUPS = "These answers do not show that there are groups of people, or they are too few to find them."
ALL_ALIKE = f"All respondents are expected to give the same answers: there is one persona. {NO_GROUPS}"


class Gain(NamedTuple):
    """A gain in log-likelihood, in nats per answer, with its 95% interval; NaN where it could not be measured."""

    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.gain:+.3f} nats per answer (95% interval {self.low:+.3f} to {self.high:+.3f})"


NOT_MEASURED = Gain(float("nan"), float("nan"), float("nan"))


def gain_per_answer(better: FloatArray, answers: IntArray, weights: FloatArray) -> Gain:
    """The weighted mean gain per answer, with its 95% interval: linearised, respondents as primary sampling units.

    Args:
        better: Each respondent's gain summed over their answers, shape ``[respondents]``.
        answers: The number of these answers, shape ``[respondents]``.
        weights: Shape ``[respondents]``.

    Example:
        >>> print(gain_per_answer(np.array([1.0, 3.0]), np.array([1, 1]), np.ones(2)))
        +2.000 nats per answer (95% interval +0.614 to +3.386)
    """
    total = float((weights * answers).sum())
    if not total:
        return NOT_MEASURED
    gain = float((weights * better).sum() / total)
    error = Z95 * float(np.sqrt(((weights * (better - gain * answers)) ** 2).sum())) / total
    return Gain(gain, gain - error, gain + error)


def beside_one(k: int, gain: Gain) -> str:
    """State the gain of k clusters over one cluster of everybody.

    Example:
        >>> beside_one(4, Gain(0.1, -0.1, 0.3)).partition(": ")[0]
        '4 clusters do not predict validation answers significantly better than one cluster of everybody does'
    """
    if np.isnan(gain.gain):
        return NOT_TESTED
    better = "predict" if gain.low > 0 else "do not predict"
    how = "better" if gain.low > 0 else "significantly better"
    return f"{k} clusters {better} validation answers {how} than one cluster of everybody does: by {gain}."
