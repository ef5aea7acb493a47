"""Timing several contestants in turns, so that other load on the machine slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

Measure = Callable[[float], float]
"""Runs for about so many seconds and returns how much was done a second."""


def now() -> float:
    """Seconds: of computing with one thread, so that other processes do not count; on the wall with several."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def repeated(work: Callable[[], int]) -> Measure:
    """How much a piece of work does a second, repeated."""

    def measure(seconds: float) -> float:
        done, start = 0, now()
        while (taken := now() - start) < seconds or not done:
            done += work()
        return done / taken

    return measure


def quickest(works: dict[str, Callable[[], int]], seconds: float) -> tuple[str, Measure]:
    """The quickest of several ways to do the same, found out once."""
    rates = {name: repeated(work)(seconds) for name, work in works.items()}
    name = max(rates, key=lambda key: rates[key])
    return name, repeated(works[name])


class Rates:
    """Rate of every contestant in every repeat.

    Args:
        contestants: By name.
        repeats: Turns of each contestant.
        seconds: Length of a turn, about.
    """

    def __init__(self, contestants: dict[str, Measure], repeats: int, seconds: float) -> None:
        taken = [[measure(seconds) for measure in contestants.values()] for _ in range(repeats)]
        self.of = dict(zip(contestants, np.array(taken).T, strict=True))

    def median(self, name: str) -> float:
        """Median over the repeats."""
        return float(np.median(self.of[name]))

    def ratio(self, one: str, other: str) -> float:
        """Median over the repeats of how many times quicker one is than the other."""
        return float(np.median(self.of[one] / self.of[other]))
