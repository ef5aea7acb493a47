"""Scale: an answer that is a number, such as a feeling thermometer from 0 to 100."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personaspace.errors import SurveyError
from personaspace.survey.arrays import FloatArray, IntArray

MOST_POINTS = 1001


@dataclass(frozen=True)
class Scale:
    """The numbers from ``low`` to ``high``, and the even grid of points that stands for them.

    A model gives every grid point a probability p_g. Read as a histogram over the cells nearest to each point, that is
    a density over the scale,

        f(y) = p_g(y) / width of the cell of g(y),    g(y) = the point nearest to y,

    which integrates to 1: cells are (high - low) / (points - 1) wide, the two at the ends half as wide. So the
    likelihood of a number is the likelihood of its point, log f(y) = log p_g(y) - log width, and whatever predicts
    options predicts numbers. No shape is assumed: people heap on round numbers and at the ends, and opinions split in
    two, so that a normal density would put most where hardly anyone is.

    Attributes:
        low: The least number that can be given.
        high: The greatest.
        points: How many points the grid has, from 2 to 1001. The default suits a scale from 0 to 100 and stays within
            the 26 options a language model can be asked with.

    Raises:
        SurveyError: The ends are not finite and ascending, or the number of points is outside its range.

    Example:
        >>> Scale(0, 100, points=5).labels
        ('0', '25', '50', '75', '100')
        >>> Scale(0, 100).nearest(np.array([0.0, 2.4, 2.5, 100.0])).tolist()
        [0, 0, 1, 20]
    """

    low: float
    high: float
    points: int = 21

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise SurveyError(f"a scale from {self.low} to {self.high}: give two finite numbers, the lower first")
        if not 2 <= self.points <= MOST_POINTS:
            raise SurveyError(f"a scale with {self.points} points: from 2 to {MOST_POINTS} are allowed, 21 is usual")
        object.__setattr__(self, "low", float(self.low) + 0.0)  # -0 is 0
        object.__setattr__(self, "high", float(self.high) + 0.0)

    def __str__(self) -> str:
        return f"{self.low:.10g} to {self.high:.10g}"

    @cached_property
    def numbers(self) -> FloatArray:
        """The grid, shape ``[points]``."""
        return np.linspace(self.low, self.high, self.points)

    @property
    def labels(self) -> tuple[str, ...]:
        """The grid as text."""
        return tuple(f"{number:.10g}" for number in self.numbers.tolist())

    def place(self, numbers: FloatArray) -> FloatArray:
        """Numbers as places between 0 (low) and 1 (high)."""
        return (numbers - self.low) / (self.high - self.low)

    def nearest(self, numbers: FloatArray) -> IntArray:
        """The index of the point nearest to each number, of two equally near the higher."""
        return nearest_point(self.place(numbers), self.points)


def nearest_point(place: FloatArray, points: int | IntArray) -> IntArray:
    """The index of the point nearest to a place in [0, 1] on an even grid, of two equally near the higher."""
    return np.floor(np.round(place * (points - 1), 9) + 0.5).astype(np.int64)
