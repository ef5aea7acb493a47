from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from personaspace.embedding.factorization.fold_in import Prior, fold_in_choices, fold_in_numbers
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers

RNG = np.random.default_rng(0)
OFFSETS = np.array([0, 2, 5, 8])
OPTIONS, BIAS = RNG.normal(size=(8, 2)), RNG.normal(size=8)
PRIOR = Prior(np.array([0.5, -0.5]), np.array([[2.0, 0.3], [0.3, 1.0]]))


def test_choices_are_placed_at_the_mode() -> None:
    answers = Answers(np.array([0, 0, 2]), np.array([0, 2, 1]), np.array([1, 0, 2]))
    placed = fold_in_choices(answers, 3, OPTIONS, BIAS, OFFSETS, PRIOR, steps=200)

    def loss(u: np.typing.NDArray[np.float64]) -> float:
        scores = OPTIONS @ u + BIAS
        logs = [part - np.log(np.exp(part).sum()) for part in np.split(scores, OFFSETS[1:-1])]
        away = u - PRIOR.mean
        return float(away @ PRIOR.precision @ away / 2 - logs[0][1] - logs[2][0])

    np.testing.assert_allclose(placed[0], minimize(loss, PRIOR.mean).x, atol=1e-4)
    np.testing.assert_allclose(placed[1], PRIOR.mean)


def test_numbers_are_placed_by_ridge_regression() -> None:
    questions, values = RNG.normal(size=(3, 2)), np.array([0.4, -0.2])
    answers = Answers(np.array([1, 1]), np.array([0, 2]), np.array([0, 0]))
    placed = fold_in_numbers(answers, values, 2, questions, np.array([0.5, 9.0, 0.2]), PRIOR)
    asked, certain = questions[[0, 2]], np.diag([2.0, 5.0])
    curvature = asked.T @ certain @ asked + PRIOR.precision
    known = asked.T @ certain @ values + PRIOR.precision @ PRIOR.mean
    np.testing.assert_allclose(placed[1], np.linalg.solve(curvature, known), rtol=1e-6)
    np.testing.assert_allclose(placed[0], PRIOR.mean)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_prior_is_the_normal_distribution_of_the_vectors(spread: float) -> None:
    vectors = spread * RNG.normal(size=(5000, 2)) + [1.0, 2.0]
    prior = Prior.of(vectors)
    np.testing.assert_allclose(prior.mean, [1, 2], atol=0.1)
    assert np.isfinite(prior.precision).all()
    if spread:
        np.testing.assert_allclose(np.linalg.inv(prior.precision), spread**2 * np.eye(2), atol=0.3)


def test_probabilities_stay_those_of_the_bias_without_answers() -> None:
    placed = fold_in_choices(Answers.empty(), 1, OPTIONS, BIAS, OFFSETS, Prior(np.zeros(2), np.eye(2)))
    np.testing.assert_allclose(
        OptionSoftmax(OFFSETS).softmax(placed @ OPTIONS.T + BIAS), OptionSoftmax(OFFSETS).softmax(BIAS[None])
    )
