"""Metrics of groups, within groups and of pairs of methods against plain references and planted truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.evaluation.measures.bootstrap import Sampled, resampled
from personaspace.evaluation.measures.correlations import correlated, correlation_slope, products_of, question_pairs
from personaspace.evaluation.measures.differences import Draws, difference, differences
from personaspace.evaluation.measures.distances import topline_error, total_variation, wasserstein
from personaspace.evaluation.measures.distributions import distributions
from personaspace.evaluation.measures.groups import measure_parity, usable_groups
from personaspace.evaluation.measures.layout import Layout
from personaspace.evaluation.measures.measuring import Measuring
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.measures.within import Within, cells_within
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray


def people(respondents: int = 400, questions: int = 6, strength: float = 2.0, seed: int = 0) -> Predictions:
    """Answers drawn from each person's own chances of four options, which one leaning moves on all questions."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(size=respondents) * strength
    x = np.array([0, 0.3, 0.6, 1.0])
    chances = np.exp(lean[:, None, None] * (x - 0.5) + rng.normal(size=(questions, 4)))
    chances = (chances / chances.sum(axis=2, keepdims=True)).reshape(-1, 4)
    option = (rng.random((len(chances), 1)) > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    who, what = np.divmod(np.arange(len(chances)), questions)
    return Predictions(chances, option, who, what, np.tile(x, (questions, 1)), rng.uniform(0.3, 2, respondents))


def halves(p: Predictions) -> IntArray:
    return np.arange(len(p.weight)) % 2


def test_parity_is_the_accuracy_of_each_group_alone() -> None:
    p = people()
    accuracy = [float(macro_accuracy(p.where(halves(p)[p.respondent] == g), p.weight)) for g in (0, 1)]
    found = measure_parity(p, p.weight, {"half": halves(p)})
    assert found["worst_group: half"] == pytest.approx(min(accuracy))
    assert found["parity_gap: half"] == pytest.approx(max(accuracy) - min(accuracy))


def test_groups_need_fifty_respondents_who_answered() -> None:
    p = people(respondents=130, questions=2)
    values = pd.Series(["a"] * 60 + ["b"] * 50 + [None] * 11 + ["c"] * 9)
    assert usable_groups(values, p).tolist() == [0] * 60 + [1] * 50 + [-1] * 20
    fewer = p.where((p.respondent < 60) | (p.respondent > 60))
    assert usable_groups(values, fewer).max() == 0
    layout = Layout.of(fewer, {"letter": values})
    assert not layout.parity and "n/a for letter: fewer than two groups" in layout.notes[0]


@pytest.mark.parametrize("weighted", [False, True])
def test_distances_within_groups_are_those_of_each_cell_alone(weighted: bool) -> None:
    p = people()
    p = replace(p, positions=np.where(np.arange(6)[:, None] > 3, np.nan, p.positions))  # two questions without order
    weights = p.weight if weighted else None
    cells = cells_within(p, halves(p))
    found = Within(p, {"half": cells}, weights).measure()
    for name, metric in {
        "total_variation": total_variation,
        "wasserstein": wasserstein,
        "topline_error": topline_error,
    }.items():
        alone = [float(metric(p.where(cells == cell), weights)) for cell in range(cells.max() + 1)]
        assert found[f"{name} within half"] == pytest.approx(np.nanmean(alone))


def test_intervals_within_groups_are_about_those_of_resampling_every_cell() -> None:
    p = people(respondents=1500)
    flat = replace(p, probabilities=np.full(p.probabilities.shape, 0.25))
    cells = cells_within(p, halves(p))
    rows = [np.flatnonzero(cells == cell) for cell in range(cells.max() + 1)]

    def whole(predictions: Predictions, weights: FloatArray | None) -> dict[str, FloatArray]:
        return {"": wasserstein(predictions, weights, distributions(predictions, weights, rows))}

    inside = Within(flat, {"half": cells})
    linear = resampled(lambda _, weights: inside.measure(weights), flat, 300)["wasserstein within half"].interval()
    assert linear == pytest.approx(resampled(whole, flat, 300)[""].interval(), rel=0.02)


def test_the_true_model_recovers_all_correlations_and_equal_predictions_none() -> None:
    slopes = [float(correlation_slope(people(seed=seed))) for seed in range(6)]
    assert np.mean(slopes) == pytest.approx(1, abs=0.06)
    alike = replace(people(), probabilities=np.full((2400, 4), 0.25))
    assert correlation_slope(alike) == pytest.approx(0, abs=1e-9)
    perfect = people()
    assert correlation_slope(replace(perfect, probabilities=np.eye(4)[perfect.option])) == pytest.approx(1)


def test_the_slope_pairs_different_respondents_only() -> None:
    p = people(respondents=60, questions=3)
    q, predicted = products_of(p, np.array([[0, 1], [1, 2]]), p.weight)
    w = p.weight
    pairs = [(i, j) for i in range(60) for j in range(60) if i != j]
    slope = sum(w[i] * w[j] * (q[i] @ predicted[j]) for i, j in pairs)
    size = sum(w[i] * w[j] * (q[i] @ q[j]) for i, j in pairs)
    assert correlation_slope(p, w, (q, predicted)) == pytest.approx(slope / size)
    x = p.positions[0][p.option].reshape(60, 3)
    assert [np.average(q[:, n], weights=w) for n in (0, 1)] == pytest.approx(
        [weighted_correlation(x[:, a], x[:, b], w) for a, b in ((0, 1), (1, 2))]
    )


def weighted_correlation(a: FloatArray, b: FloatArray, w: FloatArray) -> float:
    covariances = np.cov(a, b, aweights=w, ddof=0)
    return float(covariances[0, 1] / np.sqrt(covariances[0, 0] * covariances[1, 1]))


def test_unrelated_questions_and_few_pairs_have_no_slope() -> None:
    unrelated = people(strength=0)
    assert not correlated(unrelated, question_pairs(unrelated))
    assert "cannot be told from sampling noise" in Layout.of(unrelated, {}).notes[0]
    few = people(questions=4)
    assert len(question_pairs(few)) == 6 and not len(Layout.of(few, {}).pairs)
    nominal = replace(people(), positions=np.full((6, 4), np.nan))
    assert "n/a: 0 pairs" in Layout.of(nominal, {}).notes[0]


def test_a_method_made_for_a_trait_is_measured_within_it_alone() -> None:
    p = people()
    labels = pd.Series(np.where(halves(p), "odd", "even"))
    measuring = Measuring("held-out answers", {"half": labels, "other": labels})
    methods = ("individual", "demographic: half", "demographic: half x other")
    found: dict[str, set[str]] = {}
    for row in (row for method in methods for row in measuring.measure(method, p).rows):
        if row.of_groups:
            found.setdefault(row.method, set()).add(row.metric.split(" ")[-1])
    assert found == {"individual": {"half", "other"}, "demographic: half": {"half"}, "demographic: half x other": {"half", "other"}}  # fmt: skip  # noqa: E501


def draws(method: str, values: FloatArray, value: float, answers: int = 1) -> Draws:
    return Draws("x", method, "r2", False, Sampled(value, values), answers)


def test_a_difference_is_that_of_equal_draws() -> None:
    noise = np.random.default_rng(0).normal(size=999)
    small = np.random.default_rng(1).normal(size=999) / 10
    found = difference(draws("b", noise + 0.2 + small, 0.2), draws("a", noise, 0))
    assert (found.method, found.other) == ("b", "a")
    assert (found.low, found.high) == pytest.approx((0.0, 0.4), abs=0.03)  # the shared noise is gone
    moved = 0.2 + small - small.mean()
    assert found.p == pytest.approx(2 * (1 + np.count_nonzero(moved <= 0)) / 1000)
    assert difference(draws("a", noise, 0.5), draws("a", noise, 0.5)).p == 1
    assert difference(draws("b", noise + 9, 9), draws("a", noise, 0)).p == 2 / 1000


def test_only_methods_measured_on_the_same_answers_are_compared() -> None:
    values = np.zeros(9)
    given = [draws("a", values, 0), draws("b", values, 1), draws("c", values, 1, answers=2), draws("d", values, 1)]
    found = list(differences(given, {("r2", False, method) for method in "abc"}))
    assert [(of.method, of.other) for of in found] == [("b", "a")]


def test_one_answer_is_measured_and_what_cannot_be_is_said() -> None:
    p = people().where(np.array([0]))
    measuring = Measuring("held-out answers", {"half": pd.Series(["a", "b"] * 200)})
    rows = measuring.measure("majority", p).rows
    slope = next(row for row in rows if row.metric == "correlation_slope")
    assert np.isnan([slope.value, slope.low, slope.high]).all() and not any(row.of_groups for row in rows)
    assert not any(row.weighted for row in rows)
    assert [note.split(" n/a")[0] for note in measuring.notes] == [
        "worst_group and parity_gap are",
        "distances within groups are",
        "correlation_slope is",
    ]
