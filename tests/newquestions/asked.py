"""A few questions on two topics, and states that say which topic each is on."""

from __future__ import annotations

import numpy as np

from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question

SCALE = ("Strongly agree", "Agree", "Disagree")


def question(text: str, options: tuple[str, ...] = SCALE) -> Question:
    return Question(text, text, tuple(Option(option) for option in options))


ASKED = (
    question("Banks can be trusted"), question("Banks can be trusted with savings"),
    question("Parks are well kept"), question("Parks are well kept in winter"), question("Tea?", ("Yes", "No")),
)  # fmt: skip


def states_of(questions: tuple[Question, ...]) -> FloatArray:
    return np.array([[float("Banks" in q.text), float("Parks" in q.text), len(q.options)] for q in questions])
