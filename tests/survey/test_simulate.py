from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from personaspace.errors import SettingError
from personaspace.survey.arrays import FloatArray
from personaspace.survey.simulate import REFUSED, Simulation, simulate, simulate_with_truth
from personaspace.survey.survey import Survey


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate_with_truth(respondents=1000, seed=0)


def macro_accuracy(survey: Survey, right: np.ndarray) -> float:
    per_respondent = np.bincount(survey.answers.respondent, right) / np.bincount(survey.answers.respondent)
    return float(per_respondent.mean())


def by_question(survey: Survey, columns: FloatArray) -> list[FloatArray]:
    return [columns[..., low:high] for low, high in pairwise(survey.offsets)]


def test_it_is_sixty_questions_on_eight_topics_with_two_to_five_options(truth: Simulation) -> None:
    questions = truth.survey.questions
    assert len({q.text for q in questions}) == len(questions) == 60
    assert len({q.topic for q in questions}) == 8
    assert {len(q.options) for q in questions} == {2, 3, 4, 5}
    assert 0 < sum(not q.ordinal for q in questions) < 10


def test_it_says_that_it_is_simulated(truth: Simulation) -> None:
    assert truth.survey.simulated
    assert "simulated" in truth.survey.name
    assert "Simulated" in repr(truth.survey)


def test_the_seed_decides_everything() -> None:
    assert simulate(50, seed=3).equals(simulate(50, seed=3))
    assert not simulate(50, seed=3).answers.equals(simulate(50, seed=4).answers)


def test_gaps_and_refusals_have_the_declared_shares(truth: Simulation) -> None:
    cells = 1000 * 60
    put = len(truth.survey.answers) + len(truth.survey.refusals)
    assert 1 - put / cells == pytest.approx(0.35, abs=0.02)
    assert len(truth.survey.refusals) / put == pytest.approx(REFUSED / 0.75, abs=0.004)


def test_split_ballot_questions_are_asked_of_different_halves(truth: Simulation) -> None:
    asked = np.zeros((1000, 60), dtype=bool)
    asked[truth.survey.answers.respondent, truth.survey.answers.question] = True
    halves = np.flatnonzero(asked.mean(axis=0) < 0.5)
    assert len(halves) == 16
    together = (asked[:, halves].T.astype(int) @ asked[:, halves]) == 0
    assert together.any(axis=0).all()


def test_weights_are_unequal_with_mean_one(truth: Simulation) -> None:
    assert truth.survey.weight.mean() == pytest.approx(1)
    assert truth.survey.weight.std() > 0.2


def test_probabilities_are_those_the_answers_were_drawn_from(truth: Simulation) -> None:
    survey = truth.survey
    for one in by_question(survey, truth.probabilities):
        assert np.allclose(one.sum(axis=1), 1)
        assert (one > 0).all()
    at = truth.probabilities[survey.answers.respondent]
    for question, expected in enumerate(by_question(survey, at)):
        here = survey.answers.question == question
        shares = np.bincount(survey.answers.option[here], minlength=expected.shape[1]) / here.sum()
        assert np.abs(shares - expected[here].mean(axis=0)).max() < 0.08


def test_the_truth_is_well_above_the_majority(truth: Simulation) -> None:
    survey, answers = truth.survey, truth.survey.answers
    majority = np.array([c.argmax() for c in by_question(survey, survey.option_counts())])
    oracle = np.stack([p.argmax(axis=1) for p in by_question(survey, truth.probabilities)], axis=1)
    low = macro_accuracy(survey, majority[answers.question] == answers.option)
    high = macro_accuracy(survey, oracle[answers.respondent, answers.question] == answers.option)
    assert 0.45 < low < 0.55
    assert high > low + 0.12


def test_personas_are_apart_in_the_space_of_attitudes(truth: Simulation) -> None:
    found = KMeans(len(truth.personas), n_init=4, random_state=0).fit_predict(truth.attitudes)
    assert adjusted_rand_score(truth.persona, found) > 0.9


def test_traits_lean_towards_personas_without_giving_them_away(truth: Simulation) -> None:
    assert list(truth.survey.traits) == ["age", "sex", "education", "region", "party", "income"]
    for trait in truth.survey.traits:
        assert 0.05 < cramers_v(truth.persona, truth.survey.traits[trait]) < 0.4


def cramers_v(labels: np.ndarray, trait: pd.Series) -> float:
    table = pd.crosstab(labels, trait.to_numpy()).to_numpy()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi_squared = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_squared / table.sum() / (min(table.shape) - 1)))


def test_nobody_cannot_be_simulated() -> None:
    with pytest.raises(SettingError, match="respondents is 0: give a whole number from 1 up"):
        simulate(0)
    with pytest.raises(SettingError, match="seed is -1"):
        simulate(1, seed=-1)
