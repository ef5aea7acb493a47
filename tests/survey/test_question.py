from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import TypeAdapter

from personaspace.errors import SurveyError
from personaspace.survey.question import Option, Question, scaled_positions
from personaspace.survey.scale import Scale

POLICE = Question.number("police", "How do you feel about the police?", 0, 100)


def test_a_number_question_has_an_even_grid_of_options() -> None:
    assert [option.text for option in POLICE.options[:3]] == ["0", "5", "10"]
    np.testing.assert_allclose(POLICE.positions, np.linspace(0, 1, 21))
    assert POLICE.ordinal
    assert Question.number("h", "Hours?", 0, 2, points=5).scale == Scale(0.0, 2.0, 5)


def test_a_question_comes_back_from_json() -> None:
    tea = Question("tea", "Tea?", (Option("no", 0.0), Option("yes")), topic="drinks")
    content = [question.to_json() for question in (tea, POLICE)]
    assert TypeAdapter(list[Question]).validate_python(content) == [tea, POLICE]


def test_scaled_positions_keep_gaps_and_order() -> None:
    assert scaled_positions([3, 1, None]) == (1.0, 0.0, None)
    assert scaled_positions([2, 2]) == (None, None)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Question("q", "?", (Option("Yes"),)), "'q' has 1 option"),
        (lambda: Question("q", "?", (Option("Yes"), Option("Yes"))), "lists the option 'Yes' twice"),
        (lambda: Question("q", "?", (Option("0"), Option("1")), scale=Scale(0, 1)), "make it with Question.number"),
        (lambda: Option("Yes", 1.5), "position 1.5 is outside"),
    ],
)
def test_what_is_no_question_is_refused(build: Callable[[], object], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        build()
