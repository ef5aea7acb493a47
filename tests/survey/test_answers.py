from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers, Pairs


def answers(*columns: list[Any]) -> Answers:
    return Answers(*(np.array(column) for column in columns))


ANSWERS = answers([0, 1, 1], [2, 0, 2], [1, 0, 3], [np.nan, np.nan, 7.5])


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(SurveyError, match="equal length"):
        Pairs(np.arange(2), np.arange(1))


def test_answers_that_are_choices_carry_no_numbers() -> None:
    assert ANSWERS.numeric
    choices = ANSWERS.where(np.array([0, 1]))
    assert not choices.numeric
    assert np.isnan(choices.value).all()
    assert choices.equals(answers([0, 1], [2, 0], [1, 0]))


def test_answers_come_question_by_question() -> None:
    parts = {question: part.option.tolist() for question, part in ANSWERS.by_question()}
    assert parts == {0: [0], 2: [1, 3]}


def test_renumbering_leaves_out_what_has_no_new_index() -> None:
    part = ANSWERS.renumbered(np.array([-1, 0]), np.array([1, -1, 0]))
    assert part.equals(answers([0, 0], [1, 0], [0, 3], [np.nan, 7.5]))
    assert ANSWERS.cells(3).tolist() == [2, 3, 5]
