"""Each metric against a worked example, a plain-Python reference, or what it must never do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from personaspace.errors import SettingError
from personaspace.evaluation.measures.distances import sd_ratio, topline_error, total_variation, wasserstein
from personaspace.evaluation.measures.metrics import METRICS, ece, log_loss, macro_accuracy, reliability
from personaspace.evaluation.predictions import Predictions


def random_predictions(seed: int, answers: int = 60, weighted: bool = True) -> Predictions:
    """Three questions: four ordinal options, three of which one has no position, two not ordinal."""
    rng = np.random.default_rng(seed)
    positions = np.array([[0, 0.2, 0.7, 1], [0, np.nan, 1, np.nan], [np.nan] * 4])
    sizes = np.array([4, 3, 2])
    question = rng.integers(3, size=answers)
    probabilities = rng.dirichlet(np.ones(4), size=answers)
    probabilities[np.arange(4) >= sizes[question, None]] = np.nan
    probabilities /= np.nansum(probabilities, axis=1, keepdims=True)
    option = (rng.random(answers) * sizes[question]).astype(int)
    weight = rng.uniform(0.5, 2, size=10) if weighted else np.ones(10)
    return Predictions(probabilities, option, rng.integers(10, size=answers), question, positions, weight)


def distributions(p: Predictions, question: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean prediction and weighted distribution of the answers, one answer at a time."""
    predicted, actual = np.zeros(p.positions.shape[1]), np.zeros(p.positions.shape[1])
    for a in np.flatnonzero(p.question == question):
        predicted += p.weight[p.respondent[a]] * p.probabilities[a]
        actual[p.option[a]] += p.weight[p.respondent[a]]
    return predicted / predicted.sum(), actual / actual.sum()


@pytest.mark.parametrize("seed", range(5))
def test_macro_accuracy_is_the_weighted_mean_of_each_respondents_own(seed: int) -> None:
    p = random_predictions(seed)
    own, weight = [], []
    for respondent in np.unique(p.respondent):
        rows = np.flatnonzero(p.respondent == respondent)
        own.append(np.mean([p.probabilities[a].argmax() == p.option[a] for a in rows]))
        weight.append(p.weight[respondent])
    assert macro_accuracy(p, p.weight) == pytest.approx(np.average(own, weights=weight))


def test_a_tie_counts_as_the_chance_of_guessing_among_the_tied() -> None:
    tied = Predictions(np.array([[0.4, 0.4, 0.2]] * 3), np.arange(3), np.arange(3), np.zeros(3, int), np.zeros((1, 3)))
    assert macro_accuracy(tied) == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_respondents_without_answers_do_not_count() -> None:
    p = Predictions(np.eye(2), np.array([0, 1]), np.array([0, 3]), np.zeros(2, int), np.zeros((1, 2)), np.ones(9))
    assert macro_accuracy(p) == 1


@pytest.mark.parametrize("seed", range(5))
def test_log_loss_is_the_weighted_mean_of_minus_log_p(seed: int) -> None:
    p = random_predictions(seed)
    chosen = [p.probabilities[a, p.option[a]] for a in range(len(p))]
    assert log_loss(p, p.weight) == pytest.approx(-np.average(np.log(chosen), weights=p.weight[p.respondent]))


def test_log_loss_of_the_impossible_is_finite() -> None:
    p = Predictions(np.array([[1.0, 0.0]]), np.array([1]), np.array([0]), np.array([0]), np.zeros((1, 2)))
    assert log_loss(p) == pytest.approx(-np.log(1e-12))


@pytest.mark.parametrize("seed", range(5))
def test_total_variation_against_one_question_at_a_time(seed: int) -> None:
    p = random_predictions(seed)
    expected = [np.abs(np.subtract(*distributions(p, j))).sum() / 2 for j in range(3)]
    assert total_variation(p, p.weight) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("seed", range(5))
def test_topline_error_is_in_points_of_each_option_that_a_question_has(seed: int) -> None:
    p = random_predictions(seed)
    sized = replace(p, sizes=np.array([4, 3, 2]))
    expected = [
        100 * np.mean([abs(of - given) for of, given in zip(*distributions(p, j), strict=True)][:size])
        for j, size in enumerate((4, 3, 2))
    ]
    assert topline_error(sized, p.weight) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("seed", range(5))
def test_wasserstein_agrees_with_scipy_on_options_that_have_a_position(seed: int) -> None:
    p = random_predictions(seed)
    expected = []
    for j in (0, 1):
        placed = ~np.isnan(p.positions[j])
        predicted, actual = (d[placed] for d in distributions(p, j))
        x = p.positions[j, placed]
        expected.append(wasserstein_distance(x, x, predicted, actual))
    assert wasserstein(p, p.weight) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("seed", range(5))
def test_sd_ratio_is_that_of_answers_drawn_from_the_predictions(seed: int) -> None:
    p = random_predictions(seed, weighted=False)
    rng = np.random.default_rng(seed)
    simulated, real = [], []
    for j in (0, 1):
        rows = np.flatnonzero(p.question == j)
        drawn = np.concatenate([rng.choice(4, size=4000, p=p.probabilities[a]) for a in rows])
        simulated.append(np.nanstd(p.positions[j][drawn]))
        real.append(np.nanstd(p.positions[j][p.option[rows]]))
    assert sd_ratio(p) == pytest.approx(np.mean(simulated) / np.mean(real), rel=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_ece_bins_by_confidence(seed: int) -> None:
    p = random_predictions(seed)
    weight, confidence = p.weight[p.respondent], p.probabilities.max(axis=1)
    hit = p.probabilities.argmax(axis=1) == p.option
    expected = 0.0
    for b in range(15):
        rows = (confidence >= b / 15) & ((confidence < (b + 1) / 15) | (b == 14))
        expected += abs((weight[rows] * (hit[rows] - confidence[rows])).sum())
    assert ece(p, p.weight) == pytest.approx(expected / weight.sum())


def test_the_reliability_curve_is_what_calibration_error_sums_up() -> None:
    p = random_predictions(0, answers=500)
    curve = reliability(p)
    assert sum(of.answers for of in curve) == 500 and len({int(of.confidence * 15) for of in curve}) == len(curve)
    assert sum(of.answers * abs(of.right - of.confidence) for of in curve) / 500 == pytest.approx(float(ece(p)))


def test_a_calibrated_coin_lies_on_the_diagonal() -> None:
    n = 1000
    option = (np.arange(n) >= 700).astype(int)
    p = Predictions(np.tile([0.7, 0.3], (n, 1)), option, np.arange(n), np.zeros(n, int), np.array([[0.0, 1.0]]))
    (only,) = reliability(p)
    assert only == pytest.approx((0.7, 0.7, n)) and ece(p) == pytest.approx(0)


def test_without_ordinal_questions_ordinal_metrics_are_nan() -> None:
    p = Predictions(np.eye(2), np.array([0, 1]), np.array([0, 1]), np.zeros(2, int), np.full((1, 2), np.nan))
    assert np.isnan(wasserstein(p)) and np.isnan(sd_ratio(p))
    assert total_variation(p) == 0


@given(st.integers(0, 10_000))
def test_a_weight_of_two_is_a_respondent_counted_twice(seed: int) -> None:
    p = random_predictions(seed, weighted=False)
    first = p.respondent == 0
    twice = Predictions(
        np.concatenate([p.probabilities, p.probabilities[first]]),
        np.concatenate([p.option, p.option[first]]),
        np.concatenate([p.respondent, np.full(first.sum(), 10)]),
        np.concatenate([p.question, p.question[first]]),
        p.positions,
        np.ones(11),
    )
    doubled = np.where(np.arange(10) == 0, 2.0, 1.0)
    for name, metric in METRICS.items():
        assert metric(p, doubled) == pytest.approx(metric(twice, None), nan_ok=True), name


@given(st.integers(0, 10_000))
def test_metrics_stay_in_their_range_and_rows_of_weights_are_independent(seed: int) -> None:
    p = random_predictions(seed)
    rows = np.random.default_rng(seed).uniform(0.1, 3, size=(3, 10))
    for name, metric in METRICS.items():
        together = metric(p, rows)
        assert together.shape == (3,)
        np.testing.assert_allclose(together, [metric(p, row) for row in rows], atol=1e-12)
        assert (together >= 0).all()
        if name not in ("log_loss", "sd_ratio"):
            assert (together <= (100 if name == "topline_error" else 1)).all()


def test_perfect_predictions() -> None:
    p = random_predictions(0)
    perfect = Predictions(np.eye(4)[p.option], p.option, p.respondent, p.question, p.positions, p.weight)
    values = {name: float(metric(perfect, None)) for name, metric in METRICS.items()}
    best = {
        "macro_accuracy": 1,
        "log_loss": 0,
        "wasserstein": 0,
        "ece": 0,
        "sd_ratio": 1,
        "total_variation": 0,
        "topline_error": 0,
    }
    assert values == pytest.approx(best)


@pytest.mark.parametrize(
    ("probabilities", "option", "message"),
    [
        ([[0.5, 0.6]], [0], "must be at least 0 and sum to 1"),
        ([[1.5, -0.5]], [0], "must be at least 0 and sum to 1"),
        ([[np.nan, np.nan]], [0], "must be at least 0 and sum to 1"),
        ([[0.2, 0.3, 0.5]], [0], r"expected \(1, 2\)"),
        ([[0.5, 0.5]], [2], "option indices run from 2 to 2, allowed: 0 to 1"),
        (np.empty((0, 2)), [], "no answers to evaluate"),
    ],
)
def test_bad_predictions_are_refused(probabilities: list[list[float]], option: list[int], message: str) -> None:
    zeros = np.zeros(len(option), int)
    with pytest.raises(SettingError, match=message):
        Predictions(np.array(probabilities), np.array(option, dtype=int), zeros, zeros, np.zeros((1, 2)))
