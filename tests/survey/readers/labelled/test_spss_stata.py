from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.survey.readers.non_answers import outcome
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.survey import Survey
from tests.survey.sources import write_labelled


def save(folder: Path, columns: dict[str, Any], **about: Any) -> Path:
    pyreadstat.write_sav(pd.DataFrame(columns), str(folder / "t.sav"), **about)
    return folder / "t.sav"


def given(survey: Survey, name: str) -> list[str]:
    one = survey.select(questions=[survey.question_index[name]])
    return [one.questions[0].options[o].text for o in one.answers.option]


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta"])
def test_a_file_is_read_by_its_own_labels(tmp_path: Path, suffix: str) -> None:
    survey = read_survey(write_labelled(tmp_path, suffix))
    assert survey.respondents == ("007", "ben", "cy", "dee")
    assert [(q.id, q.text, q.topic) for q in survey.questions] == [
        ("worry", "How worried are you?", "mood"),
        ("warm", "How warm do you feel?", None),
    ]
    assert [(o.text, o.position) for o in survey.questions[0].options] == [
        ("Not at all", 0.0),
        ("A little", 0.5),
        ("A lot", 1.0),
    ]
    assert given(survey, "worry") == ["Not at all", "A lot"]
    np.testing.assert_array_equal(survey.answers.value, [np.nan, 93, np.nan, 12.5, 50])
    assert (survey.refusals.respondent.tolist(), survey.refusals.question.tolist()) == ([2, 3], [1, 0])
    assert survey.weight.tolist() == [0.5, 1.0, 1.5, 1.0]
    assert survey.traits["age"].astype(object).fillna("?").tolist() == ["old", "?", "young", "young"]
    assert survey.name == "moods"


def test_without_a_codebook_everything_is_guessed_and_that_is_said(tmp_path: Path) -> None:
    path = write_labelled(tmp_path)
    (tmp_path / "moods.codebook.yaml").unlink()
    with pytest.warns(UserWarning, match=r"what the columns are for was guessed .* weight w"):
        survey = read_survey(path)
    assert {"worry", "drink"} <= {question.id for question in survey.questions}
    assert survey.respondents == ("007", "ben", "cy", "dee")


def test_declared_missing_codes_are_no_answers(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"a": [1.0, 2.0, -3.0, -9.0, 1.0], "b": [1.0, 2.0, 7.0, 8.0, 9.0]},
        variable_value_labels={"a": {1: "Yes", 2: "No", -9: "Refused"}, "b": {1: "Yes", 2: "No", 9: "Other"}},
        missing_ranges={"a": [{"lo": -9, "hi": -1}], "b": [7, 8]},
    )
    survey = read_survey(path)
    assert given(survey, "a") == ["Yes", "No", "Yes"]
    assert given(survey, "b") == ["Yes", "No", "Other"]
    assert (survey.refusals.respondent.tolist(), survey.refusals.question.tolist()) == ([3], [0])


def test_stata_s_missing_letters_are_no_answers(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": pd.Series([1, 2, "b", "c"], dtype=object)})
    labels: Any = {"a": {1: "Yes", 2: "No", "b": "Refused"}}
    path = str(tmp_path / "t.dta")
    pyreadstat.write_dta(table, path, variable_value_labels=labels, missing_user_values={"a": ["b", "c"]})
    survey = read_survey(path)
    assert given(survey, "a") == ["Yes", "No"]
    assert survey.refusals.respondent.tolist() == [2]


def test_a_scale_labelled_at_its_ends_keeps_the_points_between(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"a": [1.0, 10.0, 2.0, 5.0]},
        variable_value_labels={"a": {10: "Completely", 1: "Not at all"}},
    )
    survey = read_survey(path)
    assert [o.text for o in survey.questions[0].options] == ["Not at all", *"23456789", "Completely"]


def test_codes_of_one_label_are_one_option(tmp_path: Path) -> None:
    path = save(
        tmp_path, {"a": [1.0, 2.0, 3.0]}, variable_value_labels={"a": {1: "Yes", 2: "No", 3: "No "}}
    )  # fmt: skip
    survey = read_survey(path)
    assert [o.text for o in survey.questions[0].options] == ["Yes", "No"]
    assert given(survey, "a") == ["Yes", "No", "No"]


def test_a_codebook_may_say_otherwise(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 1.0, 2.0]},
        variable_value_labels={"a": {1: "Yes", 2: "No", 3: "Don't know", 4: "Hung up"}, "b": {1: "x", 2: "y"}},
    )
    book: dict[str, Any] = {
        "questions": {"a": {"missing": [], "ordinal": False, "text": "Well?"}},
        "refusals": ["hung UP"],
    }
    survey = read_survey(path, codebook=book)
    assert given(survey, "a") == ["Yes", "No", "Don't know"]
    assert (survey.questions[0].text, survey.questions[0].ordinal) == ("Well?", False)
    assert (len(survey.questions), len(survey.refusals)) == (1, 1)
    left = read_survey(path, codebook={"leave_out": ["a"]})
    assert [question.id for question in left.questions] == ["b"]


@pytest.mark.parametrize(
    ("book", "error", "says"),
    [
        ({"weight": "wait"}, SurveyError, "lacks the column 'wait'"),
        ({"questions": ["worryy"]}, SurveyError, "did you mean 'worry'"),
        ({"leave_out": ["wormy"]}, UnknownNameError, "unknown column to leave out 'wormy'"),
        (
            {"questions": {"warm": {"scale": {"low": 0, "high": 50}}}},
            SurveyError,
            "'93.0', which is not a number from 0",
        ),
        ({"trait": "age"}, SurveyError, "the codebook, at trait: extra inputs"),
    ],
)
def test_codebooks_that_do_not_fit(tmp_path: Path, book: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read_survey(write_labelled(tmp_path), codebook=book)


def test_files_that_are_damaged_or_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "junk.sav").write_text("junk")
    with pytest.raises(SurveyError, match=r"junk.sav cannot be read as \.sav"):
        read_survey(tmp_path / "junk.sav")
    with pytest.raises(SurveyError, match="has columns but no rows"):
        read_survey(save(tmp_path, {"a": np.empty(0)}))
    with pytest.raises(SurveyError, match="none of its 1 columns looks like a question"):
        read_survey(save(tmp_path, {"respondent_id": [101.0, 102.0]}))


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Refused", -1),
        ("Refused/Web blank", -1),
        ("Don\N{RIGHT SINGLE QUOTATION MARK}t know/Refused (VOL.)", -1),
        ("DK/REF", -1),
        ("Don't know", -2),
        ("Inapplicable", -2),
        ("Not sure", None),
        ("No, I don't own any guns", None),
        ("We don't know future effects", None),
        ("", None),
    ],
)
def test_what_a_label_says(label: str, kind: int | None) -> None:
    assert outcome(label) == kind


def test_a_real_file_says_what_its_derived_table_says(data_folder: Path) -> None:
    """OpinionQA's table of wave 26 was made from the SPSS file by others."""
    folder = data_folder / "opinionqa"
    table = read_survey(folder / "human_resp" / "American_Trends_Panel_W26")
    names = [question.id for question in table.questions]
    path = folder / "raw_sav" / "ATP_W26.sav"
    survey = read_survey(path, codebook={"respondent": "QKEY", "weight": "WEIGHT_W26", "questions": names})
    assert survey.respondents == table.respondents
    np.testing.assert_allclose(survey.weight, table.weight)
    assert (len(survey.answers), len(survey.refusals)) == (len(table.answers), len(table.refusals))
    same = [sorted(given(survey, name)) == sorted(given(table, name)) for name in names]
    assert np.mean(same) > 0.8  # the others differ in the wording of an option
