"""Samples of the answers to predict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.evaluation.sample import Sample
from personaspace.survey.split import Split


def cells(survey: Any) -> set[tuple[int, int]]:
    return set(zip(survey.answers.respondent.tolist(), survey.answers.question.tolist(), strict=True))


def test_equal_seeds_draw_the_same_answers_and_others_do_not(parts: Split) -> None:
    one, again, other = (Sample(20, 50, seed).of(parts.held_out_answers) for seed in (3, 3, 4))
    assert one.equals(again)
    assert cells(one) != cells(other)
    assert cells(one) < cells(parts.held_out_answers)


def test_respondents_and_answers_are_bounded_apart(parts: Split) -> None:
    test = parts.held_out_answers
    people = Sample(respondents=20).of(test)
    assert len(np.unique(people.answers.respondent)) == 20
    for i in np.unique(people.answers.respondent):
        assert (people.answers.respondent == i).sum() == (test.answers.respondent == i).sum()
    assert len(Sample(answers=30).of(test).answers) == 30
    assert len(Sample(10**6, 10**6).of(test).answers) == len(test.answers)
    assert Sample().of(test) is test


def test_evaluation_sets_of_the_same_respondents_draw_the_same_of_them(parts: Split) -> None:
    one, other = parts.held_out_answers, parts.held_out_questions
    both = sorted({*one.answers.respondent.tolist()} & {*other.answers.respondent.tolist()})
    shared = (test.with_answers(np.isin(test.answers.respondent, both)) for test in (one, other))
    first, second = (np.unique(Sample(20, None, 1).of(test).answers.respondent).tolist() for test in shared)
    assert first == second
    assert len(first) == 20


def test_the_respondents_drawn_answered(parts: Split) -> None:
    test = parts.held_out_answers
    few = test.with_answers(test.answers.respondent < 5)
    assert len(np.unique(Sample(respondents=3).of(few).answers.respondent)) == 3


@pytest.mark.parametrize("given", [{"respondents": 0}, {"answers": -1}, {"answers": 1.5}, {"seed": -1}])
def test_numbers_are_checked(given: Any) -> None:
    with pytest.raises(SettingError, match="a whole number from"):
        Sample(**given)
