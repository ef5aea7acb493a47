"""Intervals and tests for weighted shares equal what the textbook gives."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.profiles.statistics import contrast_size, difference, effective_size, exact_p, wilson
from personaspace.survey.normal import Z95


def test_a_normal_interval_holds_95_percent() -> None:
    from scipy.stats import norm

    assert float(norm.ppf(0.975)) == Z95


def test_effective_size_is_the_number_where_weights_are_equal_and_less_elsewhere() -> None:
    weights = np.array([[2.0, 2.0, 2.0], [1.0, 2.0, 6.0]])
    size = effective_size(weights.sum(axis=1), (weights**2).sum(axis=1))
    assert size.tolist() == pytest.approx([3, 81 / 41])


def test_intervals_touch_the_limits_and_hold_the_share() -> None:
    low, high = wilson(np.array([0.0, 1.0, 0.3]), np.array([20.0, 20.0, 5.0]))
    assert low[0] == 0 and high[1] == 1
    assert (low[2] < 0.3) and (high[2] > 0.3)


def test_a_group_that_is_everybody_differs_from_nobody() -> None:
    one, nothing = np.array([1.0]), np.array([0.0])
    assert np.concatenate(difference(np.array([0.4]), one * 50, nothing, nothing, one)).tolist() == [0, 0]
    assert exact_p(np.array([0.4]), np.array([0.4]), contrast_size(one * 50, nothing, one)).tolist() == [1]


def test_the_exact_test_is_the_binomial_one() -> None:
    from scipy.stats import binom

    p = exact_p(np.array([7 / 20]), np.array([0.1]), np.array([20.0]))
    assert p[0] == pytest.approx(2 * binom.sf(6, 20, 0.1))
