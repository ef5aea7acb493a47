"""Surveys as pandas tables, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey

TEA = Question("tea", "Tea or coffee?", (Option("Tea"), Option("Coffee")), topic="drinks")
VOTE = Question("vote", "Agree?", (Option("Agree", 1.0), Option("Pass", 0.5), Option("Disagree", 0.0)))
SURE = Question("sure", "Sure?", (Option("Yes", 0.0), Option("No", 1.0), Option("Not sure")))
WARM = Question.number("warm", "How warm?", 0, 100)
SURVEY = Survey(
    ("1", "0", "cy"),
    (TEA, VOTE, SURE, WARM),
    Answers(
        np.array([0, 0, 1, 1, 2, 2]),
        np.array([0, 1, 0, 3, 1, 3]),
        np.array([1, 0, 1, 4, 2, 10]),
        np.array([np.nan, np.nan, np.nan, 20.7, np.nan, 50]),
    ),
    traits=pd.DataFrame({"age": ["old", None, "young"]}),
    weights=np.array([1.0, 2.0, 0.5]),
    refusals=Pairs(np.array([2]), np.array([0])),
)


def test_a_frame_has_a_row_per_respondent_and_a_column_per_question() -> None:
    frame = SURVEY.to_frame()
    assert (frame.index.tolist(), frame.index.name) == (["1", "0", "cy"], "respondent")
    assert frame["tea"].astype("str").fillna("?").tolist() == ["Coffee", "Coffee", "?"]
    np.testing.assert_array_equal(frame["warm"], [np.nan, 20.7, 50])
    assert frame.join(SURVEY.traits).columns.tolist() == ["tea", "vote", "sure", "warm", "age"]


def test_categories_are_ordered_by_position_where_every_option_has_one() -> None:
    frame = SURVEY.to_frame()
    found = {name: (frame[name].cat.categories.tolist(), frame[name].cat.ordered) for name in ("tea", "vote", "sure")}
    assert found == {
        "tea": (["Tea", "Coffee"], False),
        "vote": (["Disagree", "Pass", "Agree"], True),
        "sure": (["Yes", "No", "Not sure"], False),
    }
    assert frame["vote"].max() == "Agree"


def test_a_survey_comes_back_from_its_frame() -> None:
    frame = SURVEY.to_frame().join(SURVEY.traits).assign(weight=SURVEY.weight)
    again = Survey.from_frame(frame, SURVEY.questions, traits=["age"], weight="weight")
    assert again.equals(replace(SURVEY, refusals=Pairs.empty()))


def test_every_answer_of_a_larger_survey_comes_back() -> None:
    survey = simulate(respondents=40)
    assert Survey.from_frame(survey.to_frame(), survey.questions).answers.equals(survey.answers)


def test_questions_are_made_of_categories_and_of_distinct_texts() -> None:
    size = pd.Categorical(["S", "L", None], ["S", "M", "L", "Refused"], ordered=True)
    frame = pd.DataFrame({"size": size, "pet": ["Dog", "Cat", "Dog"], "age": [1, 2, 3]}, index=[7, 8, 9])
    frame["size"] = frame["size"].fillna("Refused")
    survey = Survey.from_frame(frame, traits=["age"], refusals=["Refused"], name="pets")
    assert (survey.respondents, survey.name) == (("7", "8", "9"), "pets")
    assert [(o.text, o.position) for o in survey.question("size").options] == [("S", 0.0), ("M", 0.5), ("L", 1.0)]
    assert [(o.text, o.position) for o in survey.question("pet").options] == [("Dog", None), ("Cat", None)]
    assert (survey["8"].to_dict(), survey["9"].to_dict()) == ({"size": "L", "pet": "Cat"}, {"pet": "Dog"})
    assert (survey.refusals.respondent.tolist(), survey.refusals.question.tolist()) == ([2], [0])
    assert survey.traits["age"].tolist() == ["1", "2", "3"]


def test_other_columns_are_left_out_where_questions_are_given() -> None:
    frame = SURVEY.to_frame()
    assert Survey.from_frame(frame, [VOTE]).questions == (VOTE,)
    assert Survey.from_frame(frame[["warm"]].astype(str).replace("nan", None), [WARM]).answers.value.tolist() == [
        20.7,
        50,
    ]


@pytest.mark.parametrize(
    ("columns", "asked", "says"),
    [
        (
            {"tea": ["Tea", "Milk"]},
            {"questions": [TEA]},
            r"'tea': 1 row\(s\) hold 'Milk', which is none of .*'Coffee'\)",
        ),
        (
            {"warm": [1, 101]},
            {"questions": [WARM]},
            r"'warm': 1 row\(s\) hold '101', which is not a number from 0 to 100",
        ),
        ({"warm": ["hot", "hot"]}, {"questions": [WARM]}, r"2 row\(s\) hold 'hot'"),
        ({"tea": ["Tea", "Tea"]}, {"questions": [TEA, VOTE]}, "lacks the column 'vote'; its columns are 'tea'"),
        ({"tea": ["Tea", "Tea"]}, {"traits": ["age"], "weight": "w"}, "lacks the column 'age' and 1 more"),
        ({"tea": ["Tea", "Tea"]}, {}, r"'tea' has 1 option\(s\)"),
        ({"warm": [1.0, 2.0]}, {}, "'warm' holds float64 values.*Question.number for a number on a scale"),
        ({"warm": [True, False]}, {}, "'warm' holds bool values"),
        ({"q": ["a", "b"], "w": ["heavy", 1]}, {"weight": "w"}, "respondent 'ann' has weight nan"),
    ],
)
def test_frames_that_do_not_fit(columns: dict[str, list[object]], asked: dict[str, Any], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        Survey.from_frame(pd.DataFrame(columns, index=["ann", "bob"]), **asked)


def test_frames_with_columns_or_ids_that_are_not_unique() -> None:
    frame = pd.DataFrame([["a", "b"], ["b", "a"]], index=["ann", "ann"], columns=["q", "r"])
    with pytest.raises(SurveyError, match="occur more than once, first 'ann'"):
        Survey.from_frame(frame)
    with pytest.raises(SurveyError, match="has the column 'q' twice"):
        Survey.from_frame(frame.set_axis(["q", "q"], axis=1))
    with pytest.raises(SurveyError, match="a row has none"):
        Survey.from_frame(frame.set_axis(["ann", None], axis=0))


def test_a_blank_behind_an_id_makes_no_other_person() -> None:
    frame = pd.DataFrame({"drink": pd.Categorical(["tea", "coffee"])}, index=["ann ", " bob"])
    assert Survey.from_frame(frame).respondents == ("ann", "bob")
    with pytest.raises(SurveyError, match="occur more than once"):
        Survey.from_frame(frame.set_axis(["ann", "ann "]))


def test_a_description_has_a_row_per_question() -> None:
    table = SURVEY.describe().set_index("question")
    assert table["kind"].to_dict() == {"tea": "nominal", "vote": "ordinal", "sure": "ordinal", "warm": "number"}
    assert table["topic"].dropna().to_dict() == {"tea": "drinks"}
    counts = table[["options", "answers", "refusals"]].to_numpy().tolist()
    assert counts == [[2, 2, 1], [3, 2, 0], [3, 0, 0], [21, 2, 0]]
    assert table["most_common"].fillna("?").tolist() == ["Coffee", "Agree", "?", "20"]
    np.testing.assert_allclose(table["share"], [1, 1 / 1.5, np.nan, 2 / 2.5])
    assert SURVEY.select(questions=[]).describe().columns.tolist() == SURVEY.describe().columns.tolist()


def test_a_table_brings_the_order_of_its_traits() -> None:
    ages = pd.Categorical(["old", None, "young"], categories=["young", "middle", "old"])
    survey = Survey.from_frame(SURVEY.to_frame().assign(age=ages), SURVEY.questions, traits=["age"])
    assert survey.traits["age"].cat.categories.tolist() == ["young", "middle", "old"]
    frame = survey.to_frame().join(survey.traits)
    assert Survey.from_frame(frame, SURVEY.questions, traits=["age"]).equals(survey)
