"""Points that are read: where they lie, what sets them apart, what a respondent answered; and the next question."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.map import Map
from personaspace.serve.explorer.explored import Explored
from personaspace.serve.explorer.reading import next_to_ask, read
from personaspace.serve.explorer.requests import Answered, Point


def test_a_respondent_is_read_with_own_answers_and_what_was_expected(explored: Explored) -> None:
    split, name = explored.story.split, explored.embedder.ids_[3]
    found = read(explored, Point(respondent=name))
    given = split.survey[name]
    assert {answer["id"]: answer["answer"] for answer in found["answers"]} == {
        question: answer for question, answer in given.items() if question in explored.known_columns
    }
    learned = set(split.train[name].index)
    assert {answer["id"] for answer in found["answers"] if answer["set_apart"]} == set(
        split.held_out_answers[name].index
    )
    assert not learned & {answer["id"] for answer in found["answers"] if answer["set_apart"]}
    first = found["answers"][0]
    column = explored.known_columns[first["id"]]
    block = slice(*explored.embedder.offsets_[column : column + 2])
    expected = explored.embedder.predict(explored.embedder.respondents_[3:4])[0, block]
    assert first["chance"] == pytest.approx(expected[first["options"].index(first["answer"])], abs=1e-4)
    assert dict(found["traits"]) == split.survey.traits.loc[name].dropna().to_dict()
    assert explored.personas[found["persona"]].name == explored.personas.of(explored.embedder)[name]


def test_points_lie_where_the_map_shows_them_or_among_those_who_answer_alike(explored: Explored) -> None:
    drawn = explored.story.map
    assert isinstance(drawn, Map)
    low, high = drawn.points[["x", "y"]].min(), drawn.points[["x", "y"]].max()
    row = drawn.points.iloc[5]
    left, top = read(explored, Point(respondent=row["id"]))["place"]
    assert left == pytest.approx(3 + 94 * (row["x"] - low["x"]) / (high["x"] - low["x"]), abs=0.01)
    assert top == pytest.approx(3 + 94 * (1 - (row["y"] - low["y"]) / (high["y"] - low["y"])), abs=0.01)
    for name in explored.personas.names:
        found = read(explored, Point(mix={name: 1.0}))
        assert all(0 <= part <= 100 for part in found["place"])
        assert explored.personas[found["persona"]].name == name


def test_what_sets_a_point_apart_comes_first_and_is_not_what_it_answered(explored: Explored) -> None:
    embedder = explored.embedder
    whole = read(explored, Point(mix={explored.personas.names[0]: 1.0}))["apart"]
    assert len(whole) == len(embedder.questions_)
    weight = explored.story.split.train.weight
    everybody = weight @ embedder.predict(embedder.respondents_) / weight.sum()
    own = embedder.predict(explored.personas.vectors[:1])[0]
    for question in whole:
        column = explored.known_columns[question["id"]]
        block = slice(*embedder.offsets_[column : column + 2])
        np.testing.assert_allclose(question["expected"], own[block], atol=1e-4)
        np.testing.assert_allclose(question["everybody"], everybody[block], atol=1e-4)
    answered = {whole[0]["id"]: whole[0]["options"][0]}
    assert whole[0]["id"] not in {question["id"] for question in read(explored, Point(answers=answered))["apart"]}


def test_questions_follow_until_none_is_left_and_none_comes_twice(explored: Explored) -> None:
    answers: dict[str, str] = {}
    skipped: list[str] = []
    places = []
    while (question := next_to_ask(explored, Answered(answers=answers, skipped=skipped))["question"]) is not None:
        assert question["id"] not in (*answers, *skipped)
        if len(skipped) < 2:
            skipped.append(question["id"])
        else:
            answers[question["id"]] = question["options"][-1]
            places.append(read(explored, Point(answers=answers))["place"])
    assert len(answers) + len(skipped) == len(explored.embedder.questions_)
    assert places[0] != places[-1]


def test_points_that_are_none_are_refused(explored: Explored) -> None:
    with pytest.raises(UnknownNameError, match="unknown respondent 'nobody'"):
        read(explored, Point(respondent="nobody"))
    with pytest.raises(UnknownNameError, match="unknown persona 'cluster-9'"):
        read(explored, Point(mix={"cluster-9": 1}))
    with pytest.raises(SettingError, match="every weight is 0"):
        read(explored, Point(mix={"cluster-1": 0}))
    question = explored.embedder.questions_[0]
    with pytest.raises(UnknownNameError, match=f"unknown option of {question.id} 'Perhaps'"):
        read(explored, Point(answers={question.id: "Perhaps"}))
