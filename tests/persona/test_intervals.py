"""Intervals cover and tests do not cry wolf, also with weights and with few answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.composition import composition
from personaspace.profiles.questions import distinguishing_questions, separating_questions
from personaspace.profiles.statistics import contrast_size, difference, effective_size, exact_p, wilson
from personaspace.profiles.total_variation import corrected
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey


def drawn(chances: FloatArray, respondents: int, seed: int, questions: int = 40) -> tuple[Personas, Survey]:
    """Groups of ``chances.shape[0]`` who answer every question, and have a trait, by these chances; uneven weights."""
    rng = np.random.default_rng(seed)
    group = np.arange(respondents) % len(chances)
    limits = chances.cumsum(axis=1)[group, None, :-1]
    option = (rng.random((respondents, questions, 1)) > limits).sum(axis=2)
    trait = (rng.random((respondents, 1)) > limits[:, 0]).sum(axis=1)
    row, column = np.indices(option.shape)
    options = tuple(Option(str(o)) for o in range(chances.shape[1]))
    survey = Survey(
        respondents=tuple(f"r{i}" for i in range(respondents)),
        questions=tuple(Question(f"q{j}", f"Question {j}", options) for j in range(questions)),
        answers=Answers(row.ravel(), column.ravel(), option.ravel()),
        traits=pd.DataFrame({"trait": trait.astype(str)}),
        weights=rng.lognormal(0, 0.5, respondents),
    )
    names = np.array(survey.respondents)
    members = [tuple(names[group == g]) for g in range(len(chances))]
    return Personas(Persona(f"p{g}", "cluster", np.zeros(1, np.float32), m) for g, m in enumerate(members)), survey


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


def test_random_groups_are_seldom_called_different() -> None:
    """Two values in a hundred are rare, where tests on normal approximations fail."""
    chances = np.tile([0.02, 0.18, 0.3, 0.5], (5, 1))
    wrong = sum(composition(*drawn(chances, 300, seed, questions=1))["verdict"].ne("").any() for seed in range(200))
    assert wrong <= 0.05 * 200 + 2 * np.sqrt(200 * 0.05 * 0.95)


def test_random_groups_are_seldom_said_to_answer_otherwise() -> None:
    """Sixty questions and four groups: many a 95% interval leaves out 0 by chance, and no card may speak of it."""
    chances = np.tile([0.04, 0.26, 0.3, 0.4], (4, 1))
    cards = [card for seed in range(20) for card in drawn_cards(chances, seed)]
    assert sum("What sets its answers apart" in card for card in cards) <= 4
    assert sum("No question is answered otherwise" in card for card in cards) >= 76


def drawn_cards(chances: FloatArray, seed: int) -> list[str]:
    personas, survey = drawn(chances, 400, seed, questions=60)
    return list(personas.cards(survey).values())


def test_questions_called_different_among_planted_ones_are_seldom_wrong() -> None:
    """Half the questions are answered alike by everybody; of those called different few may be among them."""
    alike, apart = np.array([[0.3, 0.3, 0.4]] * 3), np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4]])
    called, wrong = 0, 0
    for seed in range(10):
        personas, one = drawn(alike, 300, seed, questions=20)
        two = drawn(apart, 300, 100 + seed, questions=20)[1]
        option = np.concatenate([one.answers.option, two.answers.option])
        row, column = (np.concatenate([part, part]) for part in (one.answers.respondent, one.answers.question))
        column[len(one.answers) :] += 20
        questions = tuple(Question(f"q{j}", f"Question {j}", one.questions[0].options) for j in range(40))
        both = replace(one, questions=questions, answers=Answers(row, column, option))
        table = distinguishing_questions(personas, both).query("adjusted_p <= 0.05")
        called, wrong = called + len(table), wrong + int((table["question"].str[1:].astype(int) < 20).sum())
    assert called > 0.7 * 10 * 20 * 3
    assert wrong / called < 0.05


@pytest.mark.parametrize("most", [0.5, 0.9])
def test_groups_that_are_nearly_everybody_are_seldom_called_different(most: float) -> None:
    """The few outside decide then, and a binomial of the many would be far too sure of itself."""
    chances, wrong = np.array([[0.02, 0.18, 0.3, 0.5]]), 0
    for seed in range(300):
        everybody, survey = drawn(chances, 400, seed, questions=1)
        part = Personas([replace(everybody[0], members=survey.respondents[: int(most * 400)])])
        wrong += int(composition(part, survey)["verdict"].ne("").any())
    assert wrong <= 0.05 * 300 + 2 * np.sqrt(300 * 0.05 * 0.95)


def test_a_planted_trait_is_found_and_its_interval_holds_the_truth() -> None:
    chances = np.array([[0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])
    held, verdicts = [], []
    for seed in range(60):
        table = composition(*drawn(chances, 900, seed, questions=1)).query("value == '0'").set_index("persona")
        verdicts += [table["verdict"].tolist()[:2] == ["over", "under"]]
        held += ((table["low"] <= chances[:, 0]) & (chances[:, 0] <= table["high"])).tolist()
    assert np.mean(verdicts) > 0.8
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_where_nothing_differs_the_corrected_distance_is_nothing() -> None:
    personas, survey = drawn(np.tile([0.2, 0.3, 0.5], (4, 1)), 160, seed=0, questions=300)
    table = distinguishing_questions(personas, survey)
    assert table["tv"].mean() > 0.07
    assert abs(table["tv_corrected"].mean()) < 0.006
    assert (table["low"] == 0).mean() > 0.95
    apart = separating_questions(personas, survey)
    assert apart["mean_tv"].mean() > 0.1
    assert abs(apart["mean_tv_corrected"].mean()) < 0.006
    assert (apart["low"] == 0).mean() > 0.95


def test_intervals_of_distances_hold_the_truth_for_small_groups() -> None:
    chances = np.array([[0.5, 0.3, 0.2], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4], [0.1, 0.1, 0.8]])
    personas, survey = drawn(chances, 200, seed=1, questions=400)
    parts = np.array([survey.weight[g::4].sum() for g in range(4)]) / survey.weight.sum()
    table = distinguishing_questions(personas, survey)
    for g in range(4):
        truth = np.abs(chances[g] - parts @ chances).sum() / 2
        rows = table[table["persona"] == f"p{g}"]
        assert ((rows["low"] <= truth) & (truth <= rows["high"])).mean() > 0.93
        assert (rows["low"] > truth).mean() < 0.03
        assert truth - 0.06 < rows["tv_corrected"].mean() < truth + 0.005
    pairs = [np.abs(chances[a] - chances[b]).sum() / 2 for a in range(4) for b in range(a)]
    apart = separating_questions(personas, survey)
    held = (apart["low"] <= np.mean(pairs)) & (np.mean(pairs) <= apart["high"])
    assert held.mean() > 0.93
    assert np.mean(pairs) - 0.05 < apart["mean_tv_corrected"].mean() < np.mean(pairs) < apart["mean_tv"].mean()


def test_certain_differences_are_not_corrected() -> None:
    assert corrected(np.array([0.3, -0.3]), np.array([0.0, 0.0])).tolist() == pytest.approx([0.15, 0.15])
