from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.factorization.option_values import option_values, options_of_numbers
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question

WORRY = Question("w", "Worry?", (Option("a lot", 0.0), Option("a little", 0.5), Option("no", 1.0), Option("not sure")))
FUEL = Question("f", "Which?", (Option("coal"), Option("gas")))


def test_values_follow_the_scale_and_are_even_where_there_is_none() -> None:
    np.testing.assert_array_equal(option_values([WORRY, FUEL]), [0, 0.5, 1, np.nan, 0, 1])


def test_a_number_near_an_option_makes_it_probable_and_no_number_leaves_the_shares() -> None:
    place = np.tile([0.0, 0.0, 0.5, 1.0], 250)
    option = np.tile([0, 3, 1, 2], 250)
    vectors = (place - 0.5 + np.random.default_rng(0).normal(0, 0.1, 1000))[:, None]
    answers = Answers(np.arange(1000), np.zeros(1000, np.int64), option)
    options, bias = options_of_numbers(np.ones((1, 1)), np.array([0.5]), vectors, answers, np.array([4]))
    scores = np.array([[-0.5], [0.0], [0.5]]) @ options.T + bias
    assert scores.argmax(axis=1)[1:].tolist() == [1, 2]
    assert scores[0, 0] == pytest.approx(scores[0, 3], abs=0.5)
    flat, shares = options_of_numbers(np.zeros((1, 1)), np.array([0.5]), vectors, answers, np.array([4]))
    np.testing.assert_allclose(np.exp(shares) / np.exp(shares).sum(), [0.25] * 4, atol=0.01)
    assert not flat.any()
