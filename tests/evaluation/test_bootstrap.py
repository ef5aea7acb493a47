"""Intervals cover what they should, are repeatable, and hold the value."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.evaluation.bootstrap import bootstrap
from personaspace.evaluation.metrics import METRICS, macro_accuracy, wasserstein
from personaspace.evaluation.predictions import Predictions


def coin_flips(seed: int, respondents: int = 150, answers: int = 4) -> Predictions:
    """Every respondent has an accuracy of their own, .6 on average."""
    rng = np.random.default_rng(seed)
    respondent = np.repeat(np.arange(respondents), answers)
    option = (rng.random(len(respondent)) > np.repeat(rng.uniform(0.2, 1, respondents), answers)).astype(int)
    probabilities = np.tile([0.6, 0.4], (len(respondent), 1))
    return Predictions(probabilities, option, respondent, np.zeros_like(respondent), np.array([[0.0, 1.0]]))


def test_the_interval_covers_the_truth_about_as_often_as_promised() -> None:
    intervals = [bootstrap(macro_accuracy, coin_flips(seed), resamples=300) for seed in range(200)]
    covered = np.mean([low <= 0.6 <= high for _, low, high in intervals])
    assert 0.90 <= covered <= 0.99


@pytest.mark.parametrize("name", METRICS)
def test_the_value_lies_inside_and_equal_seeds_agree(name: str) -> None:
    p = coin_flips(0)
    value, low, high = bootstrap(METRICS[name], p, resamples=200, seed=3)
    assert value == float(METRICS[name](p, None))
    assert low < value < high
    assert bootstrap(METRICS[name], p, resamples=200, seed=3) == (value, low, high)


def test_blocks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap(macro_accuracy, coin_flips(0), resamples=50)
    monkeypatch.setattr("personaspace.evaluation.bootstrap.CELLS", 1000)
    assert bootstrap(macro_accuracy, coin_flips(0), resamples=50) == pytest.approx(whole)


def test_respondents_without_answers_are_never_drawn() -> None:
    p = coin_flips(0)
    padded = Predictions(
        p.probabilities, p.option, p.respondent, p.question, p.positions, np.concatenate([p.weight, np.ones(5000)])
    )
    assert bootstrap(macro_accuracy, padded, resamples=100) == pytest.approx(
        bootstrap(macro_accuracy, p, resamples=100)
    )


def test_a_metric_without_a_value_has_no_interval() -> None:
    p = coin_flips(0)
    nominal = Predictions(p.probabilities, p.option, p.respondent, p.question, np.full((1, 2), np.nan))
    assert np.isnan(bootstrap(wasserstein, nominal, resamples=20)).all()


@pytest.mark.parametrize(("resamples", "level"), [(0, 0.95), (10, 1.0), (10, 0.0)])
def test_bad_settings(resamples: int, level: float) -> None:
    with pytest.raises(SettingError, match="resamples must be at least 1, level between 0 and 1"):
        bootstrap(macro_accuracy, coin_flips(0), resamples, level)
