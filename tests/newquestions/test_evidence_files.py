"""Pilots and crosstabs as CSV files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from personaspace.errors import PersonaSpaceError, SurveyError
from personaspace.newquestions.evidence_files import PilotFile, pilot_of_lines, read_crosstab, read_pilot
from personaspace.survey.question import new_question
from personaspace.survey.spreadsheet import write_csv

TEA = new_question("Tea?", ["Yes", "No", "+1, please"])


def written(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_are_read_and_empty_ones_counted(tmp_path: Path) -> None:
    text = "respondent,persona,answer\n007,cluster-1, Yes\nann ,cluster-2,\n,,\nbob,cluster-1,No\n"
    found = read_pilot(written(tmp_path, text), TEA)
    assert found.answers == {"007": "Yes", "bob": "No"}
    assert found.blank == ("ann",)


def test_what_was_made_safe_for_spreadsheets_comes_back(tmp_path: Path) -> None:
    table = pd.DataFrame({"respondent": ["=1+1", "-a"], "answer": ["+1, please", "No"]})
    write_csv(tmp_path / "pilot.csv", table)
    assert "'=1+1" in (tmp_path / "pilot.csv").read_text()
    assert read_pilot(tmp_path / "pilot.csv", TEA).answers == {"=1+1": "+1, please", "-a": "No"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("respondent,answer\na,Yes\na,Yes\n", "respondent 'a' stands in rows 1 and 2: keep one"),
        ("respondent,answer\na,Yes\nb,\na,No\n", "respondent 'a' stands in rows 1 and 3: keep one"),
        ("respondent,answer\na,Yes\nb,yes\n", "row 2: unknown option 'yes': did you mean 'Yes'"),
        ("respondent,answer\n,Yes\n", "row 1 has an answer and no respondent"),
        ("respondent:answer\na:Yes\n", "lacks the column 'respondent'; its columns are 'respondent:answer'"),
        ("respondent,answer\na\n", "row 1 .* has 1 cell"),
        ("respondent,answer\na,Yes,No\n", "has 3 cell.* where the header names 2"),
        ("", "cannot be read"),
        ("\x00\x01", "bytes that belong to no text"),
    ],
)
def test_what_is_no_pilot(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PersonaSpaceError, match=message):
        read_pilot(written(tmp_path, text), TEA)


@pytest.mark.parametrize(
    "text",
    ["a,Yes\nb,\n\nc,No", "respondent,answer\na,Yes\nb\nc,No", ' a ; "Yes"\r\nb;\r\nc;No ', "a\tYes\nb\t\nc\tNo"],
)
def test_a_pilot_is_pasted_as_lines(text: str) -> None:
    assert pilot_of_lines(text, TEA) == PilotFile({"a": "Yes", "c": "No"}, ("b",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,Yes\na,No", "respondent 'a' stands in lines 1 and 2: keep one"),
        ("\na,yes", "line 2: unknown option 'yes': did you mean 'Yes'"),
        (",Yes", "line 1 has an answer and no respondent"),
    ],
)
def test_lines_that_are_no_pilot(text: str, message: str) -> None:
    with pytest.raises(PersonaSpaceError, match=message):
        pilot_of_lines(text, TEA)


def test_a_crosstab_has_a_row_per_group(tmp_path: Path) -> None:
    found = read_crosstab(written(tmp_path, "trait,group,Yes,No\nage,18-29,60,40\nage,65+,0.3,0.7\n"))
    assert found.index.tolist() == [("age", "18-29"), ("age", "65+")]
    assert found.to_dict("list") == {"Yes": [60, 0.3], "No": [40, 0.7]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trait,group,Yes,No\nage,old,1,0\nage,old,0,1\n", "row 2 names the group 'age=old' again"),
        ("trait,group,Yes,No\nage,old,1,0\nage,young,,1\n", "row 2, the group 'age=young', gives '' to 'Yes'"),
        ("trait,group,Yes,No\nage,old,many,0\n", "row 1, .* gives 'many' to 'Yes': write numbers"),
        ("trait,group,Yes,No\nage,old,inf,0\n", "gives 'inf' to 'Yes'"),
        ("trait,group\nage,old\n", "no column of an option"),
        ("trait,group,Yes,No\n", "has no row"),
        ("group,Yes,No\nold,1,0\n", "lacks the column 'trait'"),
    ],
)
def test_what_is_no_crosstab(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match=message):
        read_crosstab(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="no file that is there: give a CSV file"):
        read_crosstab(tmp_path / "nowhere.csv")
    with pytest.raises(SurveyError, match="is no file: give a CSV file"):
        read_crosstab(tmp_path)
