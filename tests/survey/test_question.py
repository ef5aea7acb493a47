from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import TypeAdapter

from personaspace.errors import SurveyError
from personaspace.survey.question import Option, Question, scaled_positions, without_id
from personaspace.survey.scale import Scale

BOXES = (Option("Not selected"), Option("Selected"))
POLICE = Question.number("police", "How do you feel about the police?", 0, 100)


def test_a_number_question_has_an_even_grid_of_options() -> None:
    assert [option.text for option in POLICE.options[:3]] == ["0", "5", "10"]
    np.testing.assert_allclose(POLICE.positions, np.linspace(0, 1, 21))
    assert POLICE.ordinal
    assert Question.number("h", "Hours?", 0, 2, points=5).scale == Scale(0.0, 2.0, 5)


def test_a_question_comes_back_from_json() -> None:
    tea = Question("tea", "Tea?", (Option("no", 0.0), Option("yes")), topic="drinks")
    television = Question("tv", "Which do you use? TV", BOXES, stem="Which do you use?")
    content = [question.to_json() for question in (tea, POLICE, television)]
    assert TypeAdapter(list[Question]).validate_python(content) == [tea, POLICE, television]


def test_a_checkbox_knows_its_stem_and_its_item() -> None:
    box = Question("q9_1", "Which  of these do you use? - TV", BOXES, stem="Which of these\ndo you use?")
    assert box.item == "TV"
    assert Question("q", "TV", BOXES).item == ""
    assert "stem" not in Question("q", "TV", BOXES).to_json()


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("BLM_W68. From what you've read", "BLM_W68", "From what you've read"),
        ("q1 - How old are you?", "Q1", "How old are you?"),
        ("Q1: How old are you?", "Q1", "How old are you?"),
        ("Q1", "Q1", "Q1"),
        ("Q1. ", "Q1", "Q1. "),
        ("Q10. How old?", "Q1", "Q10. How old?"),
        ("V.1. How old?", "V.1", "How old?"),
        ("Trump: how do you rate him?", "trump", "Trump: how do you rate him?"),
    ],
)
def test_a_text_loses_its_own_id_and_nothing_else(text: str, name: str, shown: str) -> None:
    assert without_id(text, name) == shown


def test_scaled_positions_keep_gaps_and_order() -> None:
    assert scaled_positions([3, 1, None]) == (1.0, 0.0, None)
    assert scaled_positions([2, 2]) == (None, None)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Question("q", "?", (Option("Yes"),)), "'q' has 1 option"),
        (lambda: Question("q", "?", (Option("Yes"), Option("Yes"))), "lists the option 'Yes' twice"),
        (lambda: Question("q", "?", (Option("0"), Option("1")), scale=Scale(0, 1)), "make it with Question.number"),
        (lambda: Question("q", "Tea", BOXES, stem="Which?"), "a text that begins with the stem and goes on; not 'Tea'"),
        (lambda: Question("q", "Which?", BOXES, stem="Which?"), "begins with the stem and goes on"),
        (lambda: Question("q", "Which? Tea", (*BOXES, Option("x")), stem="Which?"), "give a checkbox two options"),
        (lambda: Option("Yes", 1.5), "position 1.5 is outside"),
    ],
)
def test_what_is_no_question_is_refused(build: Callable[[], object], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        build()
