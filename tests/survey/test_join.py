"""Waves of a panel are one survey: people by id, questions of each wave, weights and traits by stated rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.join import join
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

YES_NO = (Option("Yes"), Option("No"))


def wave(
    name: str, people: str, question: str, *, weights: list[float] | None = None, age: list[str] | None = None
) -> Survey:
    rows = np.arange(len(people))
    return Survey(
        respondents=tuple(people),
        questions=(Question(question, f"{question}?", YES_NO),),
        answers=Answers(rows[1:], np.zeros(len(people) - 1, int), rows[1:] % 2),
        traits=pd.DataFrame({"age": age} if age else {}, index=list(people)),
        weights=None if weights is None else np.array(weights),
        refusals=Pairs(rows[:1], np.zeros(1, int)),
        name=name,
    )


def test_people_are_joined_by_id_and_each_wave_keeps_its_answers() -> None:
    first, second = wave("W1", "abc", "p"), wave("W2", "cad", "q")
    both = join([first, second])
    assert (both.respondents, both.name) == (("a", "b", "c", "d"), "W1, W2")
    for survey in (first, second):
        kept = both.select(list(survey.respondents), [question.id for question in survey.questions])
        assert kept.to_frame().equals(survey.to_frame())
        assert len(kept.refusals) == 1
    assert len(both.answers) == len(first.answers) + len(second.answers)


def test_a_question_of_the_same_id_is_kept_apart() -> None:
    both = join([wave("W1", "ab", "p"), wave("W2", "ab", "p")])
    assert [question.id for question in both.questions] == ["p (W1)", "p (W2)"]


def test_weights_are_the_mean_of_the_waves_each_of_mean_one() -> None:
    both = join([wave("W1", "ab", "p", weights=[10, 30]), wave("W2", "bc", "q", weights=[1, 1]), wave("W3", "d", "r")])
    expected = np.array([0.5, 1.25, 1, 1])
    np.testing.assert_allclose(both.weight, expected / expected.mean())
    assert join([wave("W1", "ab", "p"), wave("W2", "bc", "q")]).weights is None


def test_a_trait_has_its_latest_known_value_and_its_order() -> None:
    first = wave("W1", "ab", "p", age=["young", "old"])
    ordered = pd.DataFrame({"age": pd.Categorical(["old", None], ["young", "old"])}, index=["a", "b"])
    second = replace(wave("W2", "ab", "q"), traits=ordered)
    assert join([first, second]).traits["age"].tolist() == ["old", "old"]
    both = join([second, replace(second, name="W3")]).traits["age"]
    assert list(both.cat.categories) == ["young", "old"]


def test_what_cannot_be_joined() -> None:
    one = wave("W1", "ab", "p")
    with pytest.raises(SurveyError, match="two surveys or more: 1 given"):
        join([one])
    with pytest.raises(SurveyError, match="two of the surveys are called 'W1'"):
        join([one, one])
    with pytest.raises(SurveyError, match="some of the surveys are simulated"):
        join([one, replace(one, name="W2", simulated=True)])
