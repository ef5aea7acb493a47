"""Bootstrap intervals against resampling by hand, and against a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.evaluation.measures.averages import Metric
from personaspace.evaluation.measures.bootstrap import bootstrap
from personaspace.evaluation.measures.distances import wasserstein
from personaspace.evaluation.measures.metrics import METRICS, macro_accuracy
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


def weighted(seed: int = 0) -> Predictions:
    """Respondents of unlike weights and numbers of answers, some without any answer, on three questions."""
    rng = np.random.default_rng(seed)
    respondents, answers = 12, 40
    respondent = rng.choice(np.delete(np.arange(respondents), [0, 7]), size=answers)
    probabilities = rng.dirichlet(np.ones(3), size=answers)
    option, question = rng.integers(3, size=answers), rng.integers(3, size=answers)
    positions = np.tile([0.0, 0.4, 1.0], (3, 1))
    return Predictions(
        probabilities,
        option,
        respondent,
        question,
        positions,
        rng.uniform(0.2, 3, respondents),
        np.full(answers, np.nan),
    )


def resampled_by_hand(metric: Metric, p: Predictions, resamples: int, seed: int) -> list[float]:
    """The metric of every resample, made answer by answer: a respondent drawn twice becomes two respondents."""
    rng = np.random.default_rng(seed)
    present = sorted({*p.respondent.tolist()})
    values = []
    for drawn in rng.integers(len(present), size=(resamples, len(present))):
        rows, owners, weights = [], [], []
        for copy, at in enumerate(drawn):
            own = [row for row in range(len(p)) if p.respondent[row] == present[at]]
            rows += own
            owners += [copy] * len(own)
            weights.append(p.weight[present[at]])
        copies = Predictions(
            p.probabilities[rows],
            p.option[rows],
            np.array(owners),
            p.question[rows],
            p.positions,
            np.array(weights),
            p.value[rows],
        )
        values.append(float(metric(copies, copies.weight)))
    return values


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("level", [0.95, 0.5])
def test_whole_respondents_are_drawn_with_their_weights(name: str, level: float) -> None:
    metric, p = METRICS[name], weighted()
    values = resampled_by_hand(metric, p, resamples=40, seed=3)
    value = float(metric(p, p.weight))
    low, high = value + np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) - np.mean(values)
    found = bootstrap(metric, p, resamples=40, level=level, seed=3, weighted=True)
    assert found.value == value
    assert found == pytest.approx((value, low, high), abs=1e-12)


def test_equal_seeds_draw_the_same_and_others_do_not() -> None:
    p = weighted()
    first = bootstrap(macro_accuracy, p, resamples=200, seed=3)
    assert bootstrap(macro_accuracy, p, resamples=200, seed=3) == first
    assert bootstrap(macro_accuracy, p, resamples=200, seed=4)[1:] != first[1:]


def test_blocks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap(macro_accuracy, coin_flips(0), resamples=50)
    monkeypatch.setattr("personaspace.evaluation.measures.bootstrap.CELLS", 1000)
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
    with pytest.raises(
        SettingError, match=r"resamples is 0: give a whole number from 1 up|level is .*: give a number above 0, below 1"
    ):
        bootstrap(macro_accuracy, coin_flips(0), resamples, level)
