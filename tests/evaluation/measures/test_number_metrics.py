"""Metrics of answers that are numbers, each against another implementation or a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score

from personaspace.embedding.factorization.model import Factorization
from personaspace.evaluation.measures.bootstrap import bootstrap
from personaspace.evaluation.measures.metrics import METRICS
from personaspace.evaluation.measures.number_metrics import (
    NUMBER_METRICS,
    absolute_error,
    log_density,
    r2,
    rank_correlation,
)
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.survey.arrays import FloatArray
from personaspace.survey.scale import Scale
from personaspace.survey.split import split
from tests.embedding.thermometers import thermometers


def random_predictions(seed: int, answers: int = 90, points: int = 11) -> Predictions:
    """Two questions on grids of different size, heaps among the numbers, weights."""
    rng = np.random.default_rng(seed)
    positions = np.full((2, points), np.nan)
    positions[0], positions[1, :5] = np.linspace(0, 1, points), np.linspace(0, 1, 5)
    question = rng.integers(2, size=answers)
    probabilities = rng.dirichlet(np.ones(points), size=answers) * ~np.isnan(positions[question])
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    value = rng.random(answers).round(1)
    sizes = np.where(question, 5, points)
    option = np.floor(value * (sizes - 1) + 0.5).astype(np.int64)
    respondent = rng.integers(12, size=answers)
    return Predictions(probabilities, option, respondent, question, positions, rng.uniform(0.5, 2, 12), value)


def per_question(p: Predictions) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Numbers given, numbers expected and weights of each question."""
    expected = (p.probabilities * np.nan_to_num(p.positions[p.question])).sum(axis=1)
    parts = [p.question == j for j in range(2)]
    return [(p.value[rows], expected[rows], p.weight[p.respondent[rows]]) for rows in parts]


@pytest.mark.parametrize("seed", range(3))
def test_r2_and_absolute_error_are_those_of_scikit_learn(seed: int) -> None:
    p = random_predictions(seed)
    explained = [r2_score(given, expected, sample_weight=weight) for given, expected, weight in per_question(p)]
    errors = [mean_absolute_error(given, expected, sample_weight=weight) for given, expected, weight in per_question(p)]
    assert r2(p, p.weight) == pytest.approx(np.mean(explained))
    assert absolute_error(p, p.weight) == pytest.approx(np.mean(errors))


@pytest.mark.parametrize("seed", range(3))
def test_rank_correlation_is_that_of_scipy_and_weights_count_as_copies(seed: int) -> None:
    p = random_predictions(seed)
    alike = [spearmanr(given, expected).statistic for given, expected, _ in per_question(p)]
    assert rank_correlation(p, np.ones(12)) == pytest.approx(np.mean(alike))
    copies = np.arange(12) % 3
    doubled = p.where(np.repeat(np.arange(90), copies[p.respondent]))
    assert rank_correlation(p, copies.astype(float)) == pytest.approx(float(rank_correlation(doubled, np.ones(12))))


def test_the_density_integrates_to_one() -> None:
    scale, chances = Scale(0, 1, 6), np.random.default_rng(0).dirichlet(np.ones(6))
    numbers = (np.arange(3000) + 0.5) / 3000
    n = len(numbers)
    one, positions = np.zeros(n, np.int64), scale.numbers[None]
    p = Predictions(np.tile(chances, (n, 1)), scale.nearest(numbers), np.arange(n), one, positions, value=numbers)
    densities = [np.exp(log_density(p, weight)) for weight in np.eye(n)[::10]]
    assert np.mean(densities) == pytest.approx(1, abs=0.01)


def test_every_number_predicted_alike_has_density_one() -> None:
    p = random_predictions(0)
    sizes = np.array([11, 5])[p.question]
    cell = np.where((p.option == 0) | (p.option == sizes - 1), 0.5, 1) / (sizes - 1)
    even = np.where(np.isnan(p.positions[p.question]), 0, 1.0)
    even[:, 0], even[np.arange(90), sizes - 1] = 0.5, 0.5
    even /= even.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(even[np.arange(90), p.option], cell)
    uniform = Predictions(even, p.option, p.respondent, p.question, p.positions, value=p.value)
    assert log_density(uniform) == pytest.approx(0)


def test_a_constant_explains_nothing_and_ranks_one() -> None:
    parts = split(thermometers(respondents=2000).survey.select(questions=range(12)), held_out_questions=0)
    mean = majority(parts.train, parts.held_out_answers)
    assert r2(mean) == pytest.approx(0, abs=0.02)
    assert rank_correlation(mean) == 0


def test_a_question_with_one_number_is_left_out() -> None:
    p = random_predictions(1)
    value = np.where(p.question == 1, 0.5, p.value)
    option = np.where(p.question == 1, 2, p.option)
    constant = Predictions(p.probabilities, option, p.respondent, p.question, p.positions, p.weight, value)
    only = constant.where(p.question == 0)
    assert r2(constant) == r2(only)
    assert rank_correlation(constant) == pytest.approx(float(rank_correlation(only)))
    assert np.isnan(r2(constant.where(p.question == 1)))


def test_a_question_of_fewer_than_ten_answers_is_left_out() -> None:
    """Two answers that happen to be near each other would outweigh all other questions."""
    p = random_predictions(1)
    first, second = (np.flatnonzero(p.question == question) for question in (0, 1))
    for left, counts in ((10, True), (9, False)):
        rows = np.isin(np.arange(len(p)), [*first, *second[:left]])
        whole, only = p.where(rows), p.where(p.question == 0)
        assert (float(r2(whole)) != float(r2(only))) == counts
        assert (float(rank_correlation(whole)) != float(rank_correlation(only))) == counts
    few = p.where(np.isin(np.arange(len(p)), first[:9]))
    assert np.isnan(r2(few, np.ones((3, len(p.weight))))).tolist() == [True] * 3
    assert np.isnan(rank_correlation(few))
    assert np.isfinite(absolute_error(few))


def test_weights_in_rows_give_a_value_each() -> None:
    p = random_predictions(2)
    rows = np.random.default_rng(0).uniform(0, 2, (4, 12))
    for metric in NUMBER_METRICS.values():
        np.testing.assert_allclose(metric(p, rows), [float(metric(p, row)) for row in rows])


def test_an_embedder_explains_planted_warmth_with_an_interval_away_from_zero() -> None:
    parts = split(thermometers(respondents=600).survey.select(questions=range(12)), held_out_questions=0)
    space = Factorization(dim=4, learning_rate=0.01).fit(parts.train)
    predictions = embedder_alone(space, space.respondents_, parts.held_out_answers)
    value, low, high = bootstrap(r2, predictions, resamples=200)
    assert 0.4 < low < value < high < 0.95


def test_the_protocol_measures_choices_and_numbers_apart() -> None:
    parts = split(thermometers(respondents=120).survey, held_out_questions=0.3)
    results = evaluate(None, Factorization(dim=2, epochs=2).fit(parts.train), parts, known=(5,))
    table = results.table
    assert set(table["metric"]) == {*METRICS, *NUMBER_METRICS, "correlation_slope"}
    assert results.main_metrics == ("macro_accuracy", "r2")
    held_out = table[(table["split"] == "held-out answers") & (table["method"] == "majority")].set_index("metric")
    numeric = ~np.isnan(parts.held_out_answers.answers.value)
    assert held_out.loc["r2", "answers"] == numeric.sum()
    assert held_out.loc["macro_accuracy", "answers"] == (~numeric).sum()


def test_a_survey_of_numbers_only_is_summed_up_by_r2() -> None:
    parts = split(thermometers(respondents=600, choices=0).survey, held_out_questions=0)
    results = evaluate(None, Factorization(dim=2, epochs=2).fit(parts.train), parts, known=(5,))
    assert set(results.table["metric"]) == set(NUMBER_METRICS)
    assert results.main_metrics == ("r2",)
    assert results.summary().loc["majority", "held-out answers"] == pytest.approx(0, abs=0.05)
