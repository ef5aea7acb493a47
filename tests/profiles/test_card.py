"""Cards state what the tables hold, in whole sentences, whatever the survey's texts are like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.profile import profile
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate_with_truth
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted, forms, named, styled

from .drawn import drawn

MARKUP = 'Is "<b>tea</b>" good?\n {for} [you]'


def tea(respondents: int = 200) -> tuple[Personas, Survey]:
    """The first half drinks tea, and is from town; nobody drinks wine; every number is known."""
    first = np.arange(respondents) < respondents // 2
    options = (Option("yes, “always”"), Option("no"))
    questions = (Question("tea", MARKUP, options, "drinks"), Question("wine", "Wine?", options, "wine"))
    row, column = (part.ravel() for part in np.indices((respondents, 2)))
    option = np.where(column == 1, 1, np.where(first[row], 0, 1))
    traits = pd.DataFrame({"home": np.where(first, "town", "land"), "coin": np.arange(respondents) % 2})
    survey = Survey(tuple(map(str, range(respondents))), questions, Answers(row, column, option), traits)
    names = np.array(survey.respondents)
    groups = (("drinkers", names[first]), ("others", names[~first]))
    return Personas(Persona(n, "cluster", np.zeros(1, np.float32), tuple(m), 0.5) for n, m in groups), survey


def test_a_card_to_the_letter() -> None:
    personas, survey = tea()
    assert profile(personas, survey).card_texts["drinkers"] == (
        "drinkers (“home town, good: yes, 'always'”) stands for 50% of respondents (100 of 200). "
        "Over-represented among its members: home “town” (100%, population 50%). "
        "Its answers differ significantly from the population's: to “Is '<b>tea</b>' good? {for} [you]” 100% answer "
        "“yes, 'always'” (population 50%, 2.0 times as often). "
        "The effective sample size is 100; a share of all its members has a 95% margin of error of at most ±10 "
        "percentage points."
    )


def test_simulated_weighted_and_small_surveys_say_so() -> None:
    personas, survey = tea(respondents=40)
    weights = np.tile([0.5, 1.5], 20)
    card = profile(personas, replace(survey, simulated=True, weights=weights)).card_texts["drinkers"]
    assert "50% of simulated respondents, weighted (20 of 40)" in card
    assert "Interpret with caution: the effective sample size is only 16" in card


def test_members_who_answered_other_questions_are_pointed_out() -> None:
    personas, survey = tea()
    few = survey.with_answers((survey.answers.question == 0) | (survey.answers.respondent < 100))
    card = profile(personas, few).card_texts["drinkers"]
    assert "which questions they answered: 100% of them answered “Wine?”, against 50% of the population" in card


@pytest.mark.parametrize("seed", range(3))
def test_members_of_a_form_are_pointed_out(seed: int) -> None:
    survey, form = forms(seed)
    for card in profile(named(form, survey), survey).card_texts.values():
        assert "100% of them answered “Statement" in card
        assert (
            "Of everybody else 0% answered it, so by that alone they can be told apart: this persona may be a form or "
            "wave" in card
        )
    mixed = np.where(np.random.default_rng(seed).random(300) < 0.3, 0, form)
    for card in profile(named(mixed, survey), survey).card_texts.values():
        assert "may be a form" not in card or "100% of them" in card


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("style", "says"),
    [
        ("middle", "Its members choose the middle option in "),
        ("ends", "Its members choose an end of the scale in "),
        ("same end", "On questions with the same options its members' answers lie "),
        ("off the scale", "Its members refuse, or answer off the scale, in "),
    ],
)
def test_a_persona_that_is_a_response_style_is_pointed_out(style: str, says: str, seed: int) -> None:
    survey, shows = styled(style, seed)
    others, group = profile(named(shows.astype(np.int64), survey), survey).card_texts.values()
    share = group.partition(says)[2].partition("%")[0]
    assert 75 < int(share) < 95
    assert "may be a way of filling in questionnaires rather than an opinion." in group
    assert "filling in" not in others


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_personas_are_not_called_a_response_style(seed: int) -> None:
    truth = simulate_with_truth(respondents=400, seed=seed)
    for card in profile(named(truth.persona, truth.survey), truth.survey).card_texts.values():
        assert "filling in" not in card
        assert "may be a form" not in card


def test_without_traits_and_answers_a_card_says_what_is_missing() -> None:
    personas, survey = tea()
    plain = Survey(survey.respondents, survey.questions, survey.answers.where(np.arange(10)))
    card = profile(personas, plain).card_texts["others"]
    assert "has no traits" in card
    assert "Too few of its members answered any question" in card


def test_a_persona_of_everybody_differs_in_nothing() -> None:
    _, survey = tea()
    everybody = Personas([Persona("all", "cluster", np.zeros(1, np.float32), survey.respondents, 1.0)])
    card = profile(everybody, survey).card_texts["all"]
    assert "Its members do not differ significantly from the population in any trait." in card
    assert "Its answers do not differ significantly from the population's on any question." in card


def test_numbers_are_given_by_their_mean() -> None:
    personas, survey = tea()
    warmth = Question.number("warmth", "How warm?", 0, 100, topic="warmth")
    answers = survey.answers
    number = np.where(answers.respondent < 100, 80.0, 20.0)
    number[answers.question == 0] = np.nan
    option = np.where(answers.question == 1, (number // 5), answers.option).astype(np.int64)
    both = Survey(
        survey.respondents,
        (survey.questions[0], warmth),
        Answers(answers.respondent, answers.question, option, number),
        survey.traits,
    )
    assert (
        "to “How warm?” they answer 80 on average (population 50) on a scale from 0 to 100"
        in profile(personas, both).card_texts["drinkers"]
    )


def test_long_questions_keep_their_end_and_demographic_groups_have_cards(planted: Planted) -> None:
    long = "How much do you agree with each of the following statements about your life and work? " * 3 + "Item nine"
    survey = replace(
        planted.survey, questions=tuple(replace(q, text=f"{q.id} {long}") for q in planted.survey.questions)
    )
    personas = demographic_personas(planted.embedder, survey, "party")
    for name, card in profile(personas, survey).card_texts.items():
        assert card.startswith(f"{name} stands for ")
        assert " … " in card
        assert "Item nine”" in card
        assert len(card) < 2000


def drawn_cards(chances: FloatArray, seed: int) -> list[str]:
    personas, survey = drawn(chances, 400, seed, questions=60)
    return list(profile(personas, survey).card_texts.values())


def test_random_groups_are_seldom_said_to_answer_differently() -> None:
    """Sixty questions and four groups: many a 95% interval leaves out 0 by chance, and no card may speak of it."""
    chances = np.tile([0.04, 0.26, 0.3, 0.4], (4, 1))
    cards = [card for seed in range(20) for card in drawn_cards(chances, seed)]
    assert sum("Its answers differ significantly" in card for card in cards) <= 4
    assert sum("do not differ significantly from the population's on any question" in card for card in cards) >= 76
