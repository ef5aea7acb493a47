"""Columns of numbers: questions with a scale in a codebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.survey import Survey

CELLS = "id,warm,tea\n1,93.0,yes\n2, 12,no\n3,-1,yes\n4,997,\n5,,no\n6,2.49,no\n"
LONG = "id,question,answer\n1,warm,93\n1,tea,yes\n2,warm,12\n2,tea,no\n3,warm,-1\n4,warm,997\n"


def book(**warm: Any) -> dict[str, Any]:
    questions = {
        "warm": {"text": "How warm?", "scale": {"low": 0, "high": 100}} | warm,
        "tea": {"text": "Tea?", "options": ["no", "yes"]},
    }
    return {"respondent": "id", "refusals": [-1], "missing": [997], "questions": questions}


def read(folder: Path, text: str, codebook: dict[str, Any]) -> Survey:
    (folder / "t.csv").write_text(text)
    return read_survey(folder / "t.csv", codebook=codebook)


def test_a_column_of_numbers_keeps_the_exact_values(tmp_path: Path) -> None:
    survey = read(tmp_path, CELLS, book())
    warm = survey.select(questions=[0])
    assert warm.answers.value.tolist() == [93.0, 12.0, 2.49]
    assert [warm.questions[0].options[o].text for o in warm.answers.option] == ["95", "10", "0"]
    assert (warm.answers.respondent.tolist(), warm.refusals.respondent.tolist()) == ([0, 1, 5], [2])
    assert np.isnan(survey.select(questions=[1]).answers.value).all()


def test_a_long_table_and_parquet_keep_them_too(tmp_path: Path) -> None:
    long = read(tmp_path, LONG, book() | {"layout": "long"})
    np.testing.assert_array_equal(long.answers.value, [93, np.nan, 12, np.nan])
    assert len(long.refusals) == 1
    pd.DataFrame({"id": [1, 2], "warm": [33.5, np.nan], "tea": ["no", "yes"]}).to_parquet(tmp_path / "t.parquet")
    columns = read_survey(tmp_path / "t.parquet", codebook=book())
    assert columns.answers.value[0] == 33.5


def test_a_code_that_is_a_number_here_and_missing_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="'50' is a refusal or missing code and also a number on the scale 0 to 100"):
        read(tmp_path, CELLS, book() | {"missing": [50, 997]})
    survey = read(tmp_path, CELLS.replace("12", "50"), book(missing=[997]) | {"missing": [50]})
    assert survey.answers.value[2] == 50


@pytest.mark.parametrize("strange", ["101", "-0.1", "very", "nan", "inf", "1_0", "5%"])
def test_what_is_no_number_on_the_scale_is_named(tmp_path: Path, strange: str) -> None:
    with pytest.raises(SurveyError, match=rf"'warm': 2 row\(s\) hold '{strange}', which is not a number from 0 to 100"):
        read(tmp_path, f"id,warm,tea\n1,{strange},no\n2,{strange},no\n3,50,no\n", book())


@pytest.mark.parametrize(
    ("warm", "says"),
    [
        ({"options": ["a", "b"]}, "'warm' has a scale and also options"),
        ({"ordinal": False}, "'warm' has a scale and also options, positions or"),
        ({"scale": {"low": 5, "high": 5}}, "a scale from 5.0 to 5.0"),
        ({"scale": {"low": 0}}, r"at questions.warm.scale.high: field required"),
        ({"scale": {"low": 0, "high": 9, "points": 1}}, "a scale with 1 points"),
    ],
)
def test_a_malformed_scale_is_named(tmp_path: Path, warm: dict[str, Any], says: str) -> None:
    with pytest.raises(SurveyError, match=says):
        read(tmp_path, CELLS, book(**warm))
