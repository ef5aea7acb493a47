from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personaspace.errors import MAX_SEED, SettingError
from personaspace.survey.answers import Pairs
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey

PARTS = (
    "train",
    "held_out_answers",
    "unseen_known",
    "unseen_held_out",
    "held_out_questions",
    "unseen_held_out_questions",
)
fractions = st.floats(0, 0.99)


def cells(survey: Survey, pairs: Pairs) -> list[tuple[str, str]]:
    return [
        (survey.respondents[i], survey.questions[j].id) for i, j in zip(pairs.respondent, pairs.question, strict=True)
    ]


def answered(survey: Survey) -> list[tuple[str, str, str]]:
    options = [
        survey.questions[j].options[o].text for j, o in zip(survey.answers.question, survey.answers.option, strict=True)
    ]
    return [(*cell, option) for cell, option in zip(cells(survey, survey.answers), options, strict=True)]


@settings(max_examples=40, deadline=None)
@given(
    respondents=st.integers(1, 40),
    people=fractions,
    answers=fractions,
    questions=fractions,
    seed=st.integers(0, MAX_SEED),
)
def test_leakage_is_impossible(respondents: int, people: float, answers: float, questions: float, seed: int) -> None:
    survey = simulate(respondents=respondents, seed=1)
    parts = split(survey, unseen_respondents=people, held_out_answers=answers, held_out_questions=questions, seed=seed)
    surveys = [getattr(parts, name) for name in PARTS]
    found = [row for part in surveys for row in answered(part)]
    assert sorted(found) == sorted(answered(survey))
    refused = [cell for part in surveys for cell in cells(part, part.refusals)]
    assert sorted(refused) == sorted(cells(survey, survey.refusals))
    held_out = {q.id for q in parts.held_out_questions.questions}
    assert held_out.isdisjoint(q.id for q in parts.train.questions)
    assert held_out.isdisjoint(q.id for q in parts.unseen_known.questions)
    assert set(parts.unseen_known.respondents).isdisjoint(parts.train.respondents)
    assert parts.train.respondents
    assert parts.train.questions


def same_axes(one: Survey, other: Survey) -> bool:
    return one.respondents == other.respondents and one.questions == other.questions


def test_sets_to_compare_share_their_indices() -> None:
    parts = split(simulate(respondents=60))
    assert same_axes(parts.train, parts.held_out_answers)
    assert same_axes(parts.unseen_known, parts.unseen_held_out)
    assert parts.train.respondents == parts.held_out_questions.respondents


def test_shares_are_as_asked() -> None:
    parts = split(simulate(respondents=200), unseen_respondents=0.25, held_out_answers=0.1, held_out_questions=0.2)
    assert len(parts.unseen_known.respondents) == 50
    assert len(parts.held_out_questions.questions) == 12
    seen = len(parts.train.answers) + len(parts.held_out_answers.answers)
    assert len(parts.held_out_answers.answers) == round(0.1 * seen)


def test_fractions_of_zero_leave_everything_in_training() -> None:
    survey = simulate(respondents=20)
    parts = split(survey, unseen_respondents=0, held_out_answers=0, held_out_questions=0)
    assert parts.train.equals(survey)
    assert all(len(getattr(parts, name).answers) == 0 for name in PARTS[1:])
    assert len(parts.known(5).respondents) == 0


def test_the_settings_make_the_same_split_again_and_another_seed_another() -> None:
    survey = simulate(respondents=50)
    parts = split(survey, held_out_answers=0.3, seed=7)
    again = split(survey, **asdict(parts.settings))
    assert all(getattr(parts, name).equals(getattr(again, name)) for name in PARTS)
    assert split(survey, seed=8).train.respondents != parts.train.respondents


def test_who_is_unseen_does_not_depend_on_the_other_fractions() -> None:
    survey = simulate(respondents=50)
    one, other = split(survey), split(survey, held_out_questions=0, held_out_answers=0.5)
    assert one.unseen_known.respondents == other.unseen_known.respondents


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(simulate(respondents=100))


@pytest.mark.parametrize("k", [0, 1, 5, 20, 100])
def test_known_keeps_k_answers_each_or_all(parts: Split, k: int) -> None:
    given_answers = np.bincount(parts.unseen_known.answers.respondent, minlength=20)
    kept = np.bincount(parts.known(k).answers.respondent, minlength=20)
    assert kept.tolist() == np.minimum(given_answers, k).tolist()
    assert same_axes(parts.known(k), parts.unseen_held_out)


def test_known_is_nested_reproducible_and_not_simply_the_first(parts: Split) -> None:
    five, twenty = answered(parts.known(5)), answered(parts.known(20))
    assert set(five) < set(twenty) < set(answered(parts.unseen_known))
    assert five == answered(parts.known(5))
    assert parts.known(5).answers.question.mean() > 10
    assert len(parts.known(5).refusals) == 0


@pytest.mark.parametrize("name", ["unseen_respondents", "held_out_answers", "held_out_questions"])
@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_bad_fraction_says_what_is_allowed(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=rf"{name} is {value}: give a number from 0 to below 1"):
        split(simulate(respondents=2), **{name: value})  # type: ignore[arg-type]


def test_a_negative_seed_or_k_is_refused(parts: Split) -> None:
    with pytest.raises(SettingError, match="seed is -1"):
        split(simulate(respondents=2), seed=-1)
    with pytest.raises(SettingError, match="k is -1"):
        parts.known(-1)
