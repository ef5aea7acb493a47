"""Rubin's rules against their textbook cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from personaspace.errors import SettingError
from personaspace.imputation.rubin import pool


def test_equal_estimates_leave_the_usual_interval() -> None:
    pooled = pool([0.3, 0.3, 0.3], [0.01, 0.01, 0.01])
    assert pooled.high - pooled.estimate == pytest.approx(norm.ppf(0.975) * 0.1)
    assert pooled.missing == 0


def test_without_sampling_variance_the_interval_is_students() -> None:
    estimates = np.array([1.0, 2.0, 3.0, 4.0])
    pooled = pool(estimates)
    assert pooled.high - 2.5 == pytest.approx(t.ppf(0.975, 3) * np.sqrt(1.25 * estimates.var(ddof=1)))
    assert pooled.missing == 1


def test_intervals_cover_at_their_level() -> None:
    rng = np.random.default_rng(0)
    centre = rng.normal(size=20_000)  # what is known of the truth, one posterior each, variance 1
    truth, draws = rng.normal(centre), rng.normal(centre, size=(5, 20_000))
    pooled = pool(draws)
    assert ((pooled.low < truth) & (truth < pooled.high)).mean() == pytest.approx(0.95, abs=0.01)


def test_one_data_set_is_not_enough() -> None:
    with pytest.raises(SettingError, match="1 estimate"):
        pool([0.5])
    with pytest.raises(SettingError, match="level 2"):
        pool([0.5, 0.6], level=2)


@pytest.mark.parametrize("variances", [[-1.0, 1.0], [np.nan, 1.0], [1.0, 1.0, 1.0]])
def test_variances_that_cannot_be_are_refused(variances: list[float]) -> None:
    with pytest.raises(SettingError, match=r"below 0|give one for each"):
        pool([0.5, 0.6], variances)
