"""Groups that reproduce who was asked what are recognised; random groups are not."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.persona.method_effects import answered
from personaspace.profiles.participation import asked_variance
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted


def test_groups_by_what_was_asked_are_seen_through(planted: Planted) -> None:
    half = np.arange(300) % 2
    survey = planted.survey.with_answers(half[planted.survey.answers.respondent] == planted.survey.answers.question % 2)
    assert asked_variance(half, survey, answered(survey)) == pytest.approx(1)
    assert asked_variance(planted.truth, survey, answered(survey)) < 0.05
    assert asked_variance(half, planted.survey, answered(planted.survey)) == 0


def test_random_groups_tell_nothing_of_what_was_asked_however_many() -> None:
    """200 groups of 2,000 people of uneven weight, each asked half the questions."""
    rng = np.random.default_rng(0)
    row, column = np.nonzero(rng.random((2000, 20)) < 0.5)
    names, options = tuple(f"r{i}" for i in range(2000)), (Option("no"), Option("yes"))
    questions = tuple(Question(f"q{j}", f"Question {j}?", options) for j in range(20))
    answers = Answers(row, column, np.zeros(len(row), np.int64))
    survey = Survey(names, questions, answers, weights=rng.lognormal(0, 0.5, 2000))
    asked = [asked_variance(rng.integers(200, size=2000), survey, answered(survey)) for _ in range(10)]
    assert np.mean(asked) == pytest.approx(0, abs=0.003)
    assert np.isnan(asked_variance(np.arange(2000), survey, answered(survey)))
