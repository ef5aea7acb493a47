"""Membership probabilities are the frequencies of the mixture; a mixture is reduced, saved and read again."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.persona.gaussian_mixture import AnswerMixture, GaussianMixture


def test_memberships_are_the_frequencies_of_the_mixture() -> None:
    """Of all points given a membership around .7, about 70% come from that component."""
    rng = np.random.default_rng(0)
    mixture = GaussianMixture(
        np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 1.0], [0.5, 2.0]]), np.array([0.7, 0.3])
    )
    truth = rng.choice(2, 40_000, p=mixture.shares)
    points = mixture.centres[truth] + rng.normal(size=(len(truth), 2)) * np.sqrt(mixture.variances[truth])
    given = mixture.membership(points)[:, 1]
    for low in np.arange(0, 1, 0.1):
        rows = (given >= low) & (given < low + 0.1)
        assert truth[rows].mean() == pytest.approx(given[rows].mean(), abs=0.03)


def test_some_components_are_a_mixture_of_their_own() -> None:
    three = GaussianMixture(np.arange(3.0)[:, None], np.ones((3, 1)), np.array([0.5, 0.3, 0.2]))
    two = three.some(np.array([2, 0]))
    assert two.centres.ravel().tolist() == [2, 0]
    assert two.shares.tolist() == pytest.approx([0.2 / 0.7, 0.5 / 0.7])


def test_tensors_hold_all_of_it_and_a_missing_one_is_an_error() -> None:
    components = GaussianMixture(np.arange(2.0)[:, None], np.ones((2, 1)), np.array([0.5, 0.5]))
    mixture = AnswerMixture(np.array([0.4, 0.6]), np.array([[1.0], [-1.0]]), components)
    tensors = mixture.tensors()
    assert sorted(tensors) == [
        "mixture_basis",
        "mixture_centres",
        "mixture_mean",
        "mixture_shares",
        "mixture_variances",
    ]
    expected = np.array([[0.3, 0.7], [0.9, 0.1]])
    np.testing.assert_array_equal(
        AnswerMixture.from_tensors(tensors).membership(expected), mixture.membership(expected)
    )
    del tensors["mixture_basis"]
    with pytest.raises(KeyError, match="mixture_basis"):
        AnswerMixture.from_tensors(tensors)
