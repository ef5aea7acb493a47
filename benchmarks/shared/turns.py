"""Contestants timed in turns, so that whatever else the machine does slows all of them alike."""

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
    """Everybody's rate in every round.

    Args:
        contestants: By name.
        rounds: How often each has its turn.
        seconds: How long a turn takes, about.
    """

    def __init__(self, contestants: dict[str, Measure], rounds: int, seconds: float) -> None:
        taken = [[measure(seconds) for measure in contestants.values()] for _ in range(rounds)]
        self.of = dict(zip(contestants, np.array(taken).T, strict=True))

    def median(self, name: str) -> float:
        """Of the rounds."""
        return float(np.median(self.of[name]))

    def ratio(self, one: str, other: str) -> float:
        """Median over the rounds of how many times quicker one is than the other."""
        return float(np.median(self.of[one] / self.of[other]))
