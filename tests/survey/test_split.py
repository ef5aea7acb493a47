from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personaspace.errors import MAX_SEED, SettingError, UnknownNameError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.question_groups import question_groups
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.split_settings import PROTOCOLS, SplitSettings
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


def check_nothing_leaks(survey: Survey, parts: Split) -> None:
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


@settings(max_examples=40, deadline=None)
@given(
    respondents=st.integers(1, 40),
    people=fractions,
    answers=fractions,
    questions=fractions,
    seed=st.integers(0, MAX_SEED),
    by=st.sampled_from([None, "battery", "topic"]),
)
def test_leakage_is_impossible(
    respondents: int, people: float, answers: float, questions: float, seed: int, by: str | None
) -> None:
    survey = simulate(respondents=respondents, seed=1)
    shares: dict[str, Any] = {
        "unseen_respondents": people,
        "held_out_answers": answers,
        "held_out_questions": questions,
    }
    check_nothing_leaks(survey, split(survey, **shares, hold_out_by=by if questions else None, seed=seed))


@settings(max_examples=20, deadline=None)
@given(respondents=st.integers(1, 40), protocol=st.sampled_from(list(PROTOCOLS)), seed=st.integers(0, MAX_SEED))
def test_no_protocol_leaks(respondents: int, protocol: str, seed: int) -> None:
    survey = simulate(respondents=respondents, seed=1)
    check_nothing_leaks(survey, split(survey, protocol=protocol, seed=seed))


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


def two_waves() -> Survey:
    """The questions of even and of odd number are asked of different halves of the people, one in twenty in vain."""
    survey = simulate(respondents=100, seed=1)
    respondent, question = (each.ravel() for each in np.indices((100, 60)))
    asked = (respondent % 2 == question % 2) & (np.random.default_rng(0).random(6000) > 0.05)
    answers = Answers(respondent[asked], question[asked], np.zeros(asked.sum(), np.int64))
    return replace(survey, answers=answers, refusals=Pairs.empty())


@pytest.mark.parametrize("by", ["battery", "topic", "wave"])
@pytest.mark.parametrize("seed", range(4))
def test_no_sibling_of_a_held_out_question_is_in_training(by: str, seed: int) -> None:
    survey = two_waves()
    groups = dict(zip((q.id for q in survey.questions), question_groups(survey, by).tolist(), strict=True))
    assert len(set(groups.values())) > 1
    parts = split(survey, hold_out_by=by, held_out_questions=0.3, seed=seed)
    held_out, trained = ({groups[q.id] for q in part.questions} for part in (parts.held_out_questions, parts.train))
    assert held_out
    assert held_out.isdisjoint(trained)
    assert parts.held_out_questions.questions + parts.train.questions != survey.questions
    again = split(survey, **asdict(parts.settings))
    assert all(getattr(parts, name).equals(getattr(again, name)) for name in PARTS)


def test_batteries_are_questions_of_the_same_words() -> None:
    """Twelve questions in four batteries, each about its own thing and with its own options."""
    things = {"banks": "trust distrust", "taxes": "raise lower", "trains": "often seldom", "bread": "like dislike"}
    questions = [
        Question(f"{thing}_{part}", f"What about {thing} {thing} {thing} {part}?", tuple(map(Option, options.split())))
        for part in ("today", "tomorrow", "abroad")
        for thing, options in things.items()
    ]
    survey = Survey(("ann",), tuple(questions), Answers.empty())
    groups = question_groups(survey, "battery")
    assert groups.tolist() == [0, 1, 2, 3] * 3
    for seed in range(5):
        parts = split(survey, hold_out_by="battery", held_out_questions=0.4, seed=seed)
        held_out = {q.id.split("_")[0] for q in parts.held_out_questions.questions}
        assert (len(held_out), len(parts.held_out_questions.questions)) == (2, 6)
        assert held_out.isdisjoint(q.id.split("_")[0] for q in parts.train.questions)


def test_waves_are_questions_put_to_the_same_people() -> None:
    groups = question_groups(two_waves(), "wave")
    assert groups.tolist() == [groups[0], groups[1]] * 30
    assert groups[0] != groups[1]


def test_topics_are_the_survey_s_own_where_every_question_has_one() -> None:
    survey = simulate(respondents=5, seed=0)
    topics = [question.topic for question in survey.questions]
    groups = question_groups(survey, "topic")
    assert len(set(zip(topics, groups.tolist(), strict=True))) == len(set(topics)) == len(set(groups.tolist()))
    nameless = replace(survey, questions=(replace(survey.questions[0], topic=None), *survey.questions[1:]))
    assert len(set(question_groups(nameless, "topic").tolist())) < len(survey.questions)


def test_whole_groups_come_as_near_to_the_share_as_chance_lets_them() -> None:
    survey = simulate(respondents=5, seed=0)
    sizes = np.bincount(question_groups(survey, "topic"))
    for seed in range(10):
        held_out = split(survey, hold_out_by="topic", held_out_questions=0.3, seed=seed).held_out_questions
        assert abs(len(held_out.questions) - 18) <= sizes.max() / 2


def test_a_survey_of_one_group_cannot_be_held_out_by_it() -> None:
    survey = simulate(respondents=40).select(questions=range(3))
    alike = replace(survey, questions=tuple(replace(question, topic="tea") for question in survey.questions))
    with pytest.raises(SettingError, match=r"all 3 questions of 'simulated survey' are of one topic, so that none"):
        split(alike, hold_out_by="topic")


def test_gems_shares_are_those_published() -> None:
    survey = simulate(respondents=200, seed=3)
    given = {name: np.bincount(survey.answers.respondent, minlength=200)[row] for name, row in
             survey.respondent_index.items()}  # fmt: skip
    one, two, three = (split(survey, protocol=name, seed=1) for name in PROTOCOLS)
    predicted = Counter(row[0] for row in answered(one.held_out_answers))
    assert len(predicted) == 120
    assert predicted == {name: given[name] - int(0.4 * given[name] + 1e-9) for name in predicted}
    assert one.train.respondents == survey.respondents
    assert len(one.unseen_known.respondents) == len(one.held_out_questions.questions) == 0
    assert set(two.unseen_known.respondents) == set(predicted)
    assert len(two.unseen_known.answers) == len(two.held_out_answers.answers) == 0
    assert len(two.unseen_held_out.answers) == sum(given[name] for name in predicted)
    assert len(two.train.answers) + len(two.unseen_held_out.answers) == len(survey.answers)
    assert len(three.held_out_questions.questions) == 12
    assert three.train.respondents == survey.respondents
    assert len(three.held_out_answers.answers) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"protocol": "gems", "held_out_answers": 0.2}, "held_out_answers is 0.2, but protocol 'gems' sets it to 0.6"),
        ({"protocol": "gems-questions", "hold_out_by": "topic"}, "leave hold_out_by out, or the protocol"),
        ({"hold_out_by": "battery", "held_out_questions": 0}, "no questions are held out"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        split(simulate(respondents=9), **wrong)


def test_unknown_names_are_met_by_those_known() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'battery'"):
        split(simulate(respondents=9), hold_out_by="batery")
    with pytest.raises(UnknownNameError, match=r"unknown protocol 'sems'.* gems, gems-individuals, gems-questions"):
        SplitSettings.of(protocol="sems")
