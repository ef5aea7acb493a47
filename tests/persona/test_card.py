"""Cards say what the tables say, in whole sentences, whatever the survey's texts are like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

from .conftest import Planted

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
    assert personas.cards(survey)["drinkers"] == (
        "drinkers stands for 50% of respondents (100 of 200). "
        "More common among its members than among everybody: home “town” (100%, everybody 50%). "
        "What sets its answers apart: to “Is '<b>tea</b>' good? {for} [you]” 100% answer “yes, 'always'” "
        "(everybody 50%, 2.0 times as often). "
        "Like everybody (100%), 100% answer “no” to “Wine?”. "
        "With an effective sample of 100, a share of one half is uncertain by 10 percentage points either way."
    )


def test_simulated_weighted_and_small_surveys_say_so() -> None:
    personas, survey = tea(respondents=40)
    weights = np.tile([0.5, 1.5], 20)
    card = personas.cards(replace(survey, simulated=True, weights=weights))["drinkers"]
    assert "50% of simulated respondents, weighted (20 of 40)" in card
    assert "Read with care: with an effective sample of only 16" in card


def test_members_who_answered_other_questions_are_pointed_out() -> None:
    personas, survey = tea()
    few = survey.with_answers((survey.answers.question == 0) | (survey.answers.respondent < 100))
    card = personas.cards(few)["drinkers"]
    assert "other questions than everybody: 100% of them answered “Wine?”, 50% of everybody did" in card


def test_without_traits_and_answers_a_card_says_what_is_missing() -> None:
    personas, survey = tea()
    plain = Survey(survey.respondents, survey.questions, survey.answers.where(np.arange(10)))
    card = personas.cards(plain)["others"]
    assert "holds no traits" in card
    assert "Too few of its members answered any question" in card


def test_a_persona_like_everybody_is_told_to_be() -> None:
    _, survey = tea()
    everybody = Personas([Persona("all", "cluster", np.zeros(1, np.float32), survey.respondents, 1.0)])
    card = everybody.cards(survey)["all"]
    assert "In no trait do its members differ" in card
    assert "No question is answered otherwise" in card


def test_numbers_are_told_by_their_mean() -> None:
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
    assert "to “How warm?” they answer 80 on average (everybody 50)" in personas.cards(both)["drinkers"]


def test_long_questions_keep_their_end_and_demographic_groups_have_cards(planted: Planted) -> None:
    long = "How much do you agree with each of the following statements about your life and work? " * 3 + "Item nine"
    survey = replace(
        planted.survey, questions=tuple(replace(q, text=f"{q.id} {long}") for q in planted.survey.questions)
    )
    personas = demographic_personas(planted.space, survey, "party")
    for name, card in personas.cards(survey).items():
        assert card.startswith(f"{name} stands for ")
        assert " … " in card
        assert "Item nine”" in card
        assert len(card) < 2000
    assert personas.cards(survey) == personas.cards(survey)
