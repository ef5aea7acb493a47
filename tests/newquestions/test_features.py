"""The kernel between questions."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.newquestions.features import MAX_SIMILARITY, QuestionKernel
from tests.newquestions.asked import ASKED, question, states_of


def test_likeness_is_symmetric_and_a_covariance() -> None:
    likeness = QuestionKernel(ASKED, states_of(ASKED))(ASKED, states_of(ASKED))
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_texts_without_words_are_compared_as_they_stand() -> None:
    wordless = (question("???", ("+", "-")), question("!!!", ("+", "-")))
    likeness = QuestionKernel(wordless, np.eye(2))(wordless, np.eye(2))
    assert likeness[0, 2] > likeness[0, 3] > 0
    assert likeness[0, 0] == pytest.approx(MAX_SIMILARITY)
