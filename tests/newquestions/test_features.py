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


def test_what_is_a_questions_own_varies_over_its_options_as_all_else_does() -> None:
    texts, settings = TextFeatures(ASKED), KernelSettings(noise=0.5)
    asked, others_alike = texts.of(ASKED), texts.of(ASKED)
    shared = Similarity(asked, others_alike).kernel(settings)
    own = Similarity(asked, asked).kernel(settings) - shared
    for block in asked.blocks:
        np.testing.assert_allclose(own[block, block], 0.5 * shared[block, block], atol=1e-12)
        own[block, block] = 0
    np.testing.assert_allclose(own, 0, atol=1e-12)


@pytest.mark.parametrize("options", [2, 3, 21])
def test_contrasts_are_orthonormal_and_leave_out_what_all_options_share(options: int) -> None:
    rows = contrasts(options)
    np.testing.assert_allclose(rows @ rows.T, np.eye(options - 1), atol=1e-12)
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)
