"""The kernel between questions."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.newquestions.features import KernelSettings, Similarity, TextFeatures, contrasts
from personaspace.survey.arrays import FloatArray
from tests.newquestions.asked import ASKED, question, states_of


@pytest.mark.parametrize("states", [None, states_of(ASKED)])
def test_likeness_is_symmetric_and_a_covariance(states: FloatArray | None) -> None:
    asked = TextFeatures(ASKED, states).of(ASKED, states)
    likeness = Similarity(asked, asked).kernel(KernelSettings(states=0.4))
    np.testing.assert_allclose(likeness, likeness.T, atol=1e-12)
    assert np.linalg.eigvalsh(likeness).min() > -1e-9


def test_states_say_what_words_do_not() -> None:
    wordless = (question("???"), question("!!!"), question("---"))
    states = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    asked = TextFeatures(wordless, states).of(wordless, states)
    likeness = Similarity(asked, asked).kernel(KernelSettings(states=0.5))
    assert likeness[0, 2] > likeness[0, 4] > 0


def test_options_at_the_same_place_with_the_same_words_are_alike() -> None:
    wordless = (question("???", ("+", "-")), question("!!!", ("+", "-")), question("...", ("-", "+")))
    asked = TextFeatures(wordless).of(wordless)
    likeness = Similarity(asked, asked).kernel(KernelSettings(words=0.5))
    assert likeness[0, 1] > 0 > Similarity(asked, asked).kernel(KernelSettings(words=1.0))[0, 2]
    assert likeness[0, 0] > likeness[0, 1]


@pytest.mark.parametrize("options", [2, 3, 21])
def test_contrasts_are_orthonormal_and_leave_out_what_all_options_share(options: int) -> None:
    rows = contrasts(options)
    np.testing.assert_allclose(rows @ rows.T, np.eye(options - 1), atol=1e-12)
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)
