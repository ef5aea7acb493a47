"""A survey with planted filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

NAMES = ("own", "why", "how", "quit", "mood", "work")
OPTIONS = ("a", "b", "c")


def planted(skipped: float = 0.05, respondents: int = 600) -> Survey:
    """``own`` = a or b leads to ``why``, whose c leads to ``how``; ``own`` = c leads to ``quit``.

    ``mood`` and ``work`` are asked of all. All answers hang together, as people's do, and some are left out or refused.
    """
    rng = np.random.default_rng(0)
    camp = rng.integers(3, size=respondents)
    chosen = np.where(rng.random((respondents, 6)) < 0.5, camp[:, None], rng.integers(3, size=(respondents, 6)))
    asked = np.ones((respondents, 6), np.bool_)
    asked[:, 1] = chosen[:, 0] < 2
    asked[:, 2] = asked[:, 1] & (chosen[:, 1] == 2)
    asked[:, 3] = chosen[:, 0] == 2
    said = rng.random((respondents, 6))
    survey = of_table(NAMES, chosen, asked & (said >= skipped))
    return replace(survey, refusals=Pairs(*np.nonzero(asked & (said < skipped / 2))))


def of_table(names: tuple[str, ...], chosen: IntArray, given: BoolArray) -> Survey:
    questions = tuple(Question(name, f"{name}?", tuple(map(Option, OPTIONS))) for name in names)
    rows, columns = np.nonzero(given)
    return Survey(tuple(map(str, range(len(chosen)))), questions, Answers(rows, columns, chosen[rows, columns]))
