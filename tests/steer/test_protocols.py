"""Personas as users give them, and vectors that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaspace.errors import SettingError, SurveyError
from personaspace.newquestions.points import names_and_vectors
from personaspace.steer.protocols import vectors_of
from tests.steer.conftest import Camp, Camps, Points, opposed_survey


def test_personas_a_list_of_them_and_one_alone_give_the_same_points() -> None:
    camps = Camps(Points(6))
    names, vectors = names_and_vectors(camps)
    assert names == ("first", "second")
    for listed in ([camps[0], camps[1]], (camps[0], camps[1])):
        assert names_and_vectors(listed)[0] == names
        np.testing.assert_array_equal(names_and_vectors(listed)[1], vectors)
    name, vector = names_and_vectors(camps[1])
    assert name == ("second",)
    np.testing.assert_array_equal(vector, vectors[1:])


def test_what_is_no_list_of_personas() -> None:
    camp = Camp("a", np.zeros(8, np.float32), ())
    nobody: list[Any] = [[], Points(0)]
    for none in nobody:
        with pytest.raises(SettingError, match="no personas given: name at least one to ask"):
            names_and_vectors(none)
    with pytest.raises(SettingError, match="'cluster-1' is not a persona"):
        names_and_vectors("cluster-1")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="3 is not a persona"):
        names_and_vectors([camp, 3])  # type: ignore[list-item]
    with pytest.raises(SettingError, match="two personas are called 'a'"):
        names_and_vectors([camp, camp])
    with pytest.raises(SurveyError, match="differ in width"):
        names_and_vectors([camp, Camp("b", np.zeros(5, np.float32), ())])


def test_vectors_are_those_of_the_survey_s_respondents_in_its_order() -> None:
    survey, space = opposed_survey(20, 2)
    np.testing.assert_array_equal(vectors_of(space, survey.select(respondents=[3, 1])), space.vectors[[3, 1]])
    with pytest.raises(SurveyError, match=r"no vector of 17 respondent\(s\) of 'survey', first 'r3'"):
        vectors_of(Points(3), survey)
