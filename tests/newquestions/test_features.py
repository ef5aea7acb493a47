"""The kernel between questions."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.newquestions.features import MAX_SIMILARITY, QuestionKernel
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


def test_likeness_is_symmetric_and_a_covariance() -> None:
    likeness = QuestionKernel(ASKED, states_of(ASKED))(ASKED, states_of(ASKED))
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_texts_without_words_are_compared_as_they_stand() -> None:
    wordless = (question("???", ("+", "-")), question("!!!", ("+", "-")))
    likeness = QuestionKernel(wordless, np.eye(2))(wordless, np.eye(2))
    assert likeness[0, 2] > likeness[0, 3] > 0
    assert likeness[0, 0] == pytest.approx(MAX_SIMILARITY)
