"""The noise floor against samples drawn from planted opinions, and against halves counted one by one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.evaluation.measures.distances import topline_error, total_variation, wasserstein
from personaspace.evaluation.measures.noise_floor import noise_floor
from personaspace.evaluation.measures.within import Within, cells_within
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Row
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

QUESTIONS = 25
POSITIONS = (0.0, 0.2, None, 1.0)
ASKED = tuple(
    Question(f"q{j}", f"{j}?", tuple(Option(str(o), place) for o, place in enumerate(POSITIONS)))
    for j in range(QUESTIONS)
)


def drawn(shares: FloatArray, people: int, rng: np.random.Generator, weighted: bool = False) -> Survey:
    """Answers of some people, each drawn from the question's shares, and weights that say nothing about them."""
    who, what = (grid.ravel() for grid in np.meshgrid(np.arange(people), np.arange(QUESTIONS), indexing="ij"))
    option = (rng.random((len(who), 1)) > shares[what].cumsum(axis=1)[:, :-1]).sum(axis=1)
    weights = rng.uniform(0.2, 3, people) if weighted else None
    return Survey(tuple(f"p{i}" for i in range(people)), ASKED, Answers(who, what, option), weights=weights)


def values(rows: tuple[Row, ...], weighted: bool = False) -> dict[str, Row]:
    return {row.metric: row for row in rows if row.weighted == weighted}


@pytest.mark.parametrize(("people", "weighted"), [(20, False), (60, False), (60, True)])
def test_a_prediction_of_the_true_shares_is_measured_at_the_floor(people: int, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(4), QUESTIONS)
    metrics = {"total_variation": total_variation, "wasserstein": wasserstein, "topline_error": topline_error}
    true, floor, inside = [], [], []
    for seed in range(20):
        survey = drawn(shares, people, rng, weighted)
        known = Predictions.of(survey, shares[survey.answers.question])
        found = values(noise_floor("all", survey, {}, seed), weighted)
        true.append([float(metric(known, survey.weight if weighted else None)) for metric in metrics.values()])
        floor.append([found[name].value for name in metrics])
        inside += [found[name].low < at < found[name].high for name, at in zip(metrics, true[-1], strict=True)]
    np.testing.assert_allclose(np.mean(floor, axis=0), np.mean(true, axis=0), rtol=0.05)
    assert np.mean(inside) > 0.75


def test_within_groups_the_floor_is_that_of_the_groups() -> None:
    """Everybody in a group thinks alike, so that the groups' shares are the truth."""
    rng = np.random.default_rng(1)
    group = np.arange(240) % 3
    shares = rng.dirichlet(np.ones(4), (3, QUESTIONS))
    of_group = {"letter": pd.Series(np.array(["a", "b", "c"])[group])}
    true, floor = [], []
    for seed in range(6):
        surveys = [drawn(shares[g], 240, rng) for g in range(3)]
        answers = surveys[0].answers
        option = np.array([of.answers.option for of in surveys])[group[answers.respondent], np.arange(len(answers))]
        survey = Survey(surveys[0].respondents, ASKED, Answers(answers.respondent, answers.question, option))
        known = Predictions.of(survey, shares[group[answers.respondent], answers.question])
        true.append(Within(known, {"letter": cells_within(known, group)}).measure()["total_variation within letter"])
        found = values(noise_floor("all", survey, of_group, seed))
        floor.append(found["total_variation within letter"].value)
        assert found["total_variation within letter"].value > 1.5 * found["total_variation"].value
    assert np.mean(floor) == pytest.approx(np.mean(true), rel=0.05)


def test_it_is_half_of_what_random_halves_differ_by() -> None:
    rng = np.random.default_rng(2)
    survey = drawn(rng.dirichlet(np.ones(4), QUESTIONS), 100, rng)
    table = np.zeros((100, QUESTIONS, 4))
    table[survey.answers.respondent, survey.answers.question, survey.answers.option] = 1
    apart = []
    for _ in range(300):
        order = rng.permutation(100)
        one, other = (table[half].mean(axis=0) for half in (order[:50], order[50:]))
        apart.append(np.abs(one - other).sum(axis=1).mean() / 2)
    found = values(noise_floor("all", survey, {}))["total_variation"]
    assert found.value == pytest.approx(np.mean(apart) / 2, rel=0.03)
    assert (found.low, found.high) == pytest.approx(np.quantile(apart, [0.025, 0.975]) / 2, rel=0.06)
    assert (found.respondents, found.answers) == (100, 100 * QUESTIONS)


def test_where_everybody_agrees_there_is_no_noise_and_with_few_answers_no_floor() -> None:
    agreed = drawn(np.tile([0.0, 1.0, 0.0, 0.0], (QUESTIONS, 1)), 40, np.random.default_rng(0))
    assert {row.value for row in noise_floor("all", agreed, {})} == {0.0}
    few = drawn(np.full((QUESTIONS, 4), 0.25), 9, np.random.default_rng(0))
    assert all(math.isnan(row.value) for row in noise_floor("all", few, {}))


def test_it_stands_beside_the_distances_of_every_set(parts: Split, embedder: Factorization) -> None:
    results = evaluate(None, embedder, parts, rows="majority,noise-floor", known=(5,))
    table = results.table[results.table["method"] == "noise floor"]
    assert set(table["split"]) == set(results.table["split"])
    assert {name.partition(" within ")[0] for name in table["metric"]} == {
        "total_variation", "wasserstein", "topline_error",
    }  # fmt: skip
    assert results.summary().index.tolist() == ["majority"]
    at = "held-out questions"
    both = results.summary("total_variation")[at]
    assert both["noise floor"] < both["majority"]
    few = evaluate(None, embedder, parts, rows="majority,noise-floor", known=(), sets=[at], answers=12)
    assert any("n/a for the noise floor, which needs ten answers to a question" in note for note in few.notes)
