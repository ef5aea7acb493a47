"""Answers that are numbers, from the scale to the folder on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.scale import Scale
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.storage import digest, load_survey, write_survey
from personaspace.survey.stream_writer import SurveyWriter
from personaspace.survey.survey import Survey

POLICE = Question.number("police", "How do you feel about the police?", 0, 100)
TEA = Question("tea", "Tea?", (Option("no", 0.0), Option("yes", 1.0)))


def survey(values: list[float], options: list[int] | None = None) -> Survey:
    """Everybody rates the police, and the first drinks tea."""
    n = len(values)
    points = Scale(0, 100).nearest(np.array(values)).tolist() if options is None else options
    answers = Answers(
        np.array([*range(n), 0]), np.array([0] * n + [1]), np.array([*points, 1]), np.array([*values, np.nan])
    )
    return Survey(tuple(f"r{i}" for i in range(n)), (POLICE, TEA), answers)


def test_numbers_follow_their_answers_everywhere() -> None:
    whole = survey([3.0, 97.5, 50.0])
    assert whole.answers.option.tolist() == [1, 20, 10, 1]
    np.testing.assert_array_equal(whole.select([2, 0]).answers.value, [3.0, 50.0, np.nan])
    np.testing.assert_array_equal(whole.with_answers(np.array([1, 3])).answers.value, [97.5, np.nan])
    assert not whole.select(questions=[1]).answers.numeric
    assert whole.equals(survey([3.0, 97.5, 50.0]))
    assert not whole.equals(survey([4.0, 97.5, 50.0]))


def test_a_split_keeps_every_number() -> None:
    numbers = np.random.default_rng(0).uniform(0, 100, 200).round(1).tolist()
    parts = split(survey(numbers), held_out_questions=0)
    kept = [parts.train, parts.held_out_answers, parts.unseen_known, parts.unseen_held_out]
    values = np.concatenate([part.answers.value for part in kept])
    assert sorted(values[~np.isnan(values)].tolist()) == sorted(numbers)


def test_a_point_without_a_number_gives_its_own() -> None:
    answers = Answers(np.array([0, 1]), np.array([0, 1]), np.array([4, 0]))
    np.testing.assert_array_equal(Survey(("a", "b"), (POLICE, TEA), answers).answers.value, [20.0, np.nan])


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: survey([101.0], [20]), r"number 101 to question 'police', whose scale is 0 to 100"),
        (lambda: survey([-0.5], [0]), "number -0.5 to question 'police'"),
        (lambda: survey([float("inf")], [0]), "number inf to question 'police'"),
        (lambda: survey([50.0], [3]), "although another point of its scale is nearer than the option chosen"),
        (
            lambda: Survey(("a",), (TEA,), Answers(np.array([0]), np.array([0]), np.array([1]), np.array([1.0]))),
            "'tea', which is answered with a choice",
        ),
    ],
)
def test_numbers_that_do_not_fit_are_refused(build: Callable[[], object], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        build()


def test_numbers_come_back_from_disk(tmp_path: Path) -> None:
    whole = survey([3.0, 97.5, 50.123456789])
    write_survey(whole, tmp_path)
    assert load_survey(tmp_path).equals(whole)
    assert digest(load_survey(tmp_path)) == digest(whole) != digest(survey([3.0, 97.5, 50.1]))


def test_numbers_are_written_in_blocks_of_which_some_have_none(tmp_path: Path) -> None:
    whole = survey([3.0, 97.5, 50.0]).with_answers(np.array([3, 1, 2]))
    with SurveyWriter(tmp_path, whole.questions, whole.name) as writer:
        for row in range(3):
            writer.write(whole.select([row]))
    assert load_survey(tmp_path).equals(whole)


def test_surveys_without_numbers_are_written_as_ever(tmp_path: Path) -> None:
    whole = replace(simulate(50, seed=0), weights=None)
    assert digest(whole) == "a3e32bd6c05f0105aea017dffef0068edfef8c364a5f44f1caab1b91838f7813"
    write_survey(whole, tmp_path)
    assert set(json.loads((tmp_path / "questions.json").read_text())["questions"][0]) == {
        "id", "text", "options", "topic",
    }  # fmt: skip
