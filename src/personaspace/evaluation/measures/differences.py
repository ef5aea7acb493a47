"""Paired comparisons of methods: the difference of two on the same resampled respondents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BeforeValidator

from personaspace.evaluation.measures.bootstrap import Sampled

Measured = Annotated[float, BeforeValidator(lambda value: np.nan if value is None else value)]
"""A number, NaN where it does not exist, for which a file has null."""


class Draws(NamedTuple):
    """A metric of one method on resampled respondents; ``answers`` is equal where the answers measured are the same."""

    split: str
    method: str
    metric: str
    weighted: bool
    sampled: Sampled
    answers: int


@dataclass(frozen=True)
class Difference:
    """How much one method's measurement is above another's, on the same answers.

    Attributes:
        split: The evaluation set.
        method: The first method.
        other: The method that is subtracted.
        metric: The metric.
        weighted: Whether respondents count by their survey weights.
        value: The difference.
        low: Lower end of its 95% interval, over respondents: both methods were measured on the same draws.
        high: Upper end.
        p: Two-sided bootstrap p-value of no difference, at least 2 / (resamples + 1).
    """

    split: str
    method: str
    other: str
    metric: str
    weighted: bool
    value: Measured
    low: Measured
    high: Measured
    p: float


def difference(one: Draws, other: Draws) -> Difference:
    """Compare two methods that were measured on the same answers in the same draws.

    Example:
        >>> draws = np.array([0.61, 0.63, 0.62, 0.60])
        >>> better, worse = (
        ...     Draws("x", name, "r2", False, Sampled(at, at + draws), 0) for name, at in (("a", 1), ("b", 0))
        ... )
        >>> found = difference(better, worse)
        >>> round(found.value, 3), round(found.p, 3)
        (1.0, 0.4)
    """
    paired = Sampled(one.sampled.value - other.sampled.value, one.sampled.resampled - other.sampled.resampled)
    moved = paired.moved
    tail = min(np.count_nonzero(moved <= 0), np.count_nonzero(moved >= 0))
    p = min(1.0, 2 * (1 + int(tail)) / (len(moved) + 1))
    numbers = (float(f"{number:.7g}") for number in (*paired.interval(), p))
    return Difference(one.split, one.method, other.method, one.metric, one.weighted, *numbers)


def differences(draws: Sequence[Draws], shown: Collection[tuple[str, bool, str]]) -> Iterator[Difference]:
    """Compare every pair of methods on each evaluation set, by each metric, where both measured the same answers.

    Args:
        draws: Of all methods, in the order of the table.
        shown: Metric, whether weighted, and method, of those that are compared.
    """
    kept = [of for of in draws if (of.metric, of.weighted, of.method) in shown and len(of.sampled.moved)]
    alike: dict[tuple[str, str, bool, int], list[Draws]] = {}
    for of in kept:
        alike.setdefault((of.split, of.metric, of.weighted, of.answers), []).append(of)
    for members in alike.values():
        for one, other in combinations(members, 2):
            yield difference(other, one)
