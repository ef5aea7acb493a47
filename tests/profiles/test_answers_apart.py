"""Answers are told as their kind wants it: scales by direction, numbers by means, boxes once, filters as filters."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.answers_apart import direction
from personaspace.profiles.profile import profile
from personaspace.profiles.questions import distinguishing_questions, separating_questions
from personaspace.profiles.system_prompt import system_prompt
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.survey.filtered import planted

WORRIED = Question(
    "w", "How worried?", (Option("A lot", 1.0), Option("Some", 0.5), Option("Not sure"), Option("Not at all", 0.0))
)
BOXES = (Option("Not selected", 0.0), Option("Selected", 1.0))
STEM = "Which of these do you use?"
MEDIA = [Question(name, f"{STEM} {name}", BOXES, stem=STEM) for name in ("TV", "Radio", "Press", "Web")]


def halves(questions: Sequence[Question], chances: Sequence[Sequence[Sequence[float]]]) -> tuple[Personas, Survey]:
    """Two groups of 200 who choose each option exactly as often as these chances say, first group first."""
    options = np.column_stack(
        [
            np.concatenate(
                [np.repeat(np.arange(len(part)), np.round(np.array(part) * 200).astype(int)) for part in both]
            )
            for both in chances
        ]
    )
    row, column = (part.ravel() for part in np.indices(options.shape))
    survey = Survey(tuple(f"r{i}" for i in range(400)), tuple(questions), Answers(row, column, options.ravel()))
    groups = (("first", survey.respondents[:200]), ("second", survey.respondents[200:]))
    return Personas(Persona(n, "cluster", np.zeros(1, np.float32), m, 0.5) for n, m in groups), survey


def test_a_scale_is_told_by_its_direction() -> None:
    personas, survey = halves([WORRIED], [[[0.6, 0.2, 0.1, 0.1], [0.2, 0.2, 0.1, 0.5]]])
    texts = profile(personas, survey).card_texts
    assert (
        "to “How worried?” they answer nearer to “A lot” than the population (mean 0.78, population 0.56; “Not at all” "
        "is 0, “A lot” is 1)." in texts["first"]
    )
    assert "they answer nearer to “Not at all” than the population (mean 0.33, population 0.56;" in texts["second"]


@pytest.mark.parametrize(
    ("members", "population"),
    [
        ([0.5, 0.0, 0.1, 0.4], [0.3, 0.4, 0.1, 0.2]),  # to both ends
        ([0.2, 0.2, 0.4, 0.2], [0.3, 0.3, 0.1, 0.3]),  # off the scale
        ([0.0, 0.0, 1.0, 0.0], [0.3, 0.3, 0.1, 0.3]),
        ([0.3, 0.3, 0.1, 0.3], [0.3, 0.3, 0.1, 0.3]),
    ],
)
def test_where_nothing_moves_one_way_there_is_no_direction(members: list[float], population: list[float]) -> None:
    assert direction(WORRIED, np.array(members), np.array(population)) is None


def test_two_places_are_no_scale() -> None:
    yes = Question("q", "?", (Option("no", 0.0), Option("yes", 1.0)))
    assert direction(yes, np.array([0.2, 0.8]), np.array([0.5, 0.5])) is None


def test_boxes_are_told_once_by_what_is_selected() -> None:
    chances = [[[0.4, 0.6], [0.8, 0.2]], [[0.99, 0.01], [0.5, 0.5]], [[0.5, 0.5]] * 2, [[0.1, 0.9], [0.6, 0.4]]]
    personas, survey = halves([*MEDIA, WORRIED], [*chances, [[0.6, 0.2, 0.1, 0.1], [0.2, 0.2, 0.1, 0.5]]])
    described = profile(personas, survey)
    assert (
        "of “Which of these do you use?” they select more often “Web” (90%, population 65%) and “TV” (60%, population "
        "40%), and less often “Radio” (1%, population 26%); and to “How worried?”" in described.card_texts["first"]
    )
    assert "elected”" not in " ".join(described.card_texts.values())
    for table in (described.distinguishing, distinguishing_questions(personas, survey, embedder=fitted(survey))):
        assert set(table[table["question"] != "w"]["option"]) == {"Selected"}
    mine = row_of(described.distinguishing, "first", "Radio")
    assert (mine["share"], mine["population_share"]) == pytest.approx((0.01, 0.255))


def row_of(table: pd.DataFrame, persona: str, question: str) -> dict[Hashable, Any]:
    (row,) = table[(table["persona"] == persona) & (table["question"] == question)].to_dict("records")
    return row


def fitted(survey: Survey) -> Factorization:
    return Factorization(dim=2, seed=0).fit(survey)


def test_a_model_is_told_what_is_selected() -> None:
    personas, survey = halves(MEDIA[:2], [[[0.4, 0.6], [0.8, 0.2]], [[0.99, 0.01], [0.5, 0.5]]])
    prompt = system_prompt(personas[0], survey)
    assert "- Of “Which of these do you use?” 1% of people like you select “Radio” (26% of all respondents)." in prompt
    one = Persona("respondent-r0", "individual", np.zeros(1, np.float32), ("r0",))
    assert "you did not select “TV”." in system_prompt(one, survey)
    last = replace(one, members=("r399",))
    assert "you selected “Radio”." in system_prompt(last, survey)


def test_a_filtered_question_is_told_with_the_answers_that_lead_to_it() -> None:
    survey = planted()
    why = survey.answers.where(survey.answers.question == 1)
    members = tuple(survey.respondents[row] for row in why.respondent[why.option == 0])
    personas = Personas([Persona("a", "cluster", np.zeros(1, np.float32), members, 0.2)])
    card = profile(personas, survey).card_texts["a"]
    assert "to “why?” (asked only after “a” or “b” to “own?”) 100% answer “a”" in card


def test_a_persona_made_by_one_answer_that_leads_to_others_says_so() -> None:
    survey = planted(skipped=0.0)
    own = survey.answers.where(survey.answers.question == 0)
    members = tuple(survey.respondents[row] for row in own.respondent[own.option == 2])
    personas = Personas([Persona("c", "cluster", np.zeros(1, np.float32), members, 0.3)])
    card = profile(personas, survey).card_texts["c"]
    assert "It is asked only after “" in card
    assert "this persona may be that one answer rather than an opinion." in card


def test_expected_answers_to_a_filtered_question_are_those_of_people_who_are_asked() -> None:
    survey = planted()
    own = survey.answers.where(survey.answers.question == 0)
    leads = {survey.respondents[row] for row in own.respondent[own.option == 2]}
    half = survey.respondents[:300]
    others = tuple(name for name in survey.respondents[300:] if name not in leads)
    groups = {"half": half, "others": others, "rest": survey.respondents[300:]}
    personas = Personas(Persona(n, "cluster", np.zeros(1, np.float32), m, 0.4) for n, m in groups.items())
    space = fitted(survey)
    table = distinguishing_questions(personas, survey, embedder=space)
    assert row_of(table, "others", "quit")["respondents"] < 20
    asked = [survey.respondent_index[name] for name in half if name in leads]
    share = space.predict(space.respondents_[asked])[:, space.offsets_[3] : space.offsets_[4]].mean(axis=0)
    expected = dict(zip("abc", share, strict=True))
    row = row_of(table, "half", "quit")
    assert len(asked) <= row["respondents"] <= len(asked) + 12
    assert row["share"] == pytest.approx(expected[row["option"]], abs=0.02)
    pairs = separating_questions(personas, survey, embedder=space).set_index("question")["pairs"]
    assert pairs["mood"] == 3


def test_a_survey_of_numbers_has_no_margin_of_shares() -> None:
    warmth = Question.number("warmth", "How warm?", 0, 100)
    personas, survey = halves([warmth], [[[0.0] * 20 + [1.0], [1.0] + [0.0] * 20]])
    card = profile(personas, survey).card_texts["first"]
    assert "to “How warm?” they answer 100 on average (population 50) on a scale from 0 to 100." in card
    assert "a mean of all its members has a 95% margin of error of at most ±7% of its scale." in card
    assert "a share" not in card


def test_traits_are_called_by_their_labels() -> None:
    personas, survey = halves([WORRIED], [[[0.6, 0.2, 0.1, 0.1], [0.2, 0.2, 0.1, 0.5]]])
    traits = pd.DataFrame({"S1": ["f"] * 200 + ["m"] * 200})
    survey = replace(survey, traits=traits, trait_labels={"S1": "Sex of respondent"})
    assert (
        "among its members: Sex of respondent “f” (100%, population 50%)."
        in profile(personas, survey).card_texts["first"]
    )
    assert "Your “Sex of respondent” is “f”" in system_prompt(personas[0], survey)
    one = Persona("respondent-r0", "individual", np.zeros(1, np.float32), ("r0",))
    assert "“Sex of respondent” is “f”" in system_prompt(one, survey)
