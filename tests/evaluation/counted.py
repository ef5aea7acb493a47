"""Surveys small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey


def question(name: str, text: str, *options: str) -> Question:
    places = np.linspace(0, 1, len(options))
    return Question(name, text, tuple(Option(o, float(x)) for o, x in zip(options, places, strict=True)))


TAX = question("tax", "Should taxes on income rise?", "no", "yes")
SCHOOL = question("school", "How good are the schools?", "bad", "fair", "good")
TAXES = question("taxes", "Should taxes on income and wealth rise?", "no", "unsure", "yes")
ABORTION = question("abortion", "Legal?", "one", "two", "three", "four")


def survey(
    respondents: str, questions: list[Question], cells: list[tuple[int, int, int]], party: str | None = None
) -> Survey:
    traits = pd.DataFrame({"party": list(party)}).replace("-", None) if party else pd.DataFrame()
    columns = np.array(cells, dtype=int).reshape(-1, 3).T
    return Survey(tuple(respondents), tuple(questions), Answers(*columns), traits)


TRAIN = survey(
    "abcd",
    [TAX, SCHOOL],
    [(0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 0), (0, 1, 2), (1, 1, 2), (2, 1, 0)],
    party="DDRR",
)
