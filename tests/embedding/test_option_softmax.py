from __future__ import annotations

import numpy as np

from personaspace.embedding.option_softmax import OptionSoftmax

OFFSETS = np.array([0, 2, 5, 7])


def test_softmax_survives_large_scores() -> None:
    scores = np.array([[1000.0, -1000.0, 0, 0, 1e4, 5, 5]])
    np.testing.assert_allclose(OptionSoftmax(OFFSETS).softmax(scores), [[1, 0, 0, 0, 1, 0.5, 0.5]])


def test_shares_sum_to_one_within_a_question_and_are_zero_where_there_is_nothing_to_share() -> None:
    shares = OptionSoftmax(OFFSETS).shares(np.array([1.0, 3.0, 0.0, 0.0, 0.0, 2.0, 2.0]))
    np.testing.assert_array_equal(shares, [0.25, 0.75, 0, 0, 0, 0.5, 0.5])


def test_options_are_drawn_as_often_as_they_are_probable() -> None:
    probabilities = np.tile([0.3, 0.7, 0.2, 0.0, 0.8, 1.0, 0.0], (4000, 1))
    drawn = OptionSoftmax(OFFSETS).draw(probabilities, np.random.default_rng(0))
    assert drawn.shape == (4000, 3)
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / 4000, [0.3, 0.7], atol=0.03)
    np.testing.assert_allclose(np.bincount(drawn[:, 1]) / 4000, [0.2, 0, 0.8], atol=0.03)
    assert not drawn[:, 2].any()
