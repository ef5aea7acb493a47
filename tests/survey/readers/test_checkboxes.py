"""Boxes to tick are questions with the options "Not selected" and "Selected", however a file writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.survey import Survey

COLUMNS = {"m1": "TV", "m2": "Radio", "m3": "News sites, apps"}


def read(folder: Path, text: str, multiple: dict[str, Any], **book: Any) -> Survey:
    (folder / "t.csv").write_text(text)
    entry = {"text": "Which do you use?", "multiple": multiple}
    return read_survey(folder / "t.csv", codebook={"respondent": "id", "questions": {"media": entry}, **book})


def ticked(survey: Survey) -> dict[str, str]:
    """A mark per box for each respondent: x ticked, - not ticked, blank where there is no answer."""
    marks = {"Selected": "x", "Not selected": "-"}
    table = survey.to_frame().astype(object).map(lambda cell: marks.get(cell, " "))
    return {str(person): "".join(row) for person, row in zip(table.index, table.to_numpy(), strict=True)}


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("1", ""), ("Yes", "No"), ("Checked", "Unchecked"), ("1.0", "0.0"), ("TRUE", "FALSE")]
)
def test_a_column_for_each_box(tmp_path: Path, yes: str, no: str) -> None:
    text = f"id,m1,m2,m3\na,{yes},{no},{yes}\nb,{no},{no},{yes}\n"
    survey = read(tmp_path, text, {"columns": COLUMNS})
    assert ticked(survey) == {"a": "x-x", "b": "--x"}
    assert [question.text for question in survey.questions] == [
        "Which do you use? TV",
        "Which do you use? Radio",
        "Which do you use? News sites, apps",
    ]
    assert {(question.stem, question.item) for question in survey.questions} == {
        ("Which do you use?", item) for item in COLUMNS.values()
    }
    assert [(o.text, o.position) for o in survey.questions[0].options] == [("Not selected", 0.0), ("Selected", 1.0)]


def test_a_box_that_holds_its_own_text(tmp_path: Path) -> None:
    text = 'id,m1,m2,m3\na,TV,,"News sites, apps"\nb,,Radio,\n'
    assert ticked(read(tmp_path, text, {"columns": COLUMNS})) == {"a": "x-x", "b": "-x-"}


def test_who_ticked_no_box_was_not_asked_unless_the_codebook_says_so(tmp_path: Path) -> None:
    text = "id,m1,m2,m3\na,1,,\nb,,,\n"
    assert ticked(read(tmp_path, text, {"columns": COLUMNS})) == {"a": "x--", "b": "   "}
    none = {"columns": COLUMNS, "blank": "not selected"}
    assert ticked(read(tmp_path, text, none)) == {"a": "x--", "b": "---"}


def test_refusals_and_missing_codes_of_a_box(tmp_path: Path) -> None:
    text = "id,m1,m2,m3\na,1,0,-7\nb,9,9,9\n"
    survey = read(tmp_path, text, {"columns": COLUMNS}, refusals=[9], missing=[-7])
    assert ticked(survey) == {"a": "x- ", "b": "   "}
    assert len(survey.refusals) == 3


def test_other_codes_are_named_by_the_codebook(tmp_path: Path) -> None:
    text = "id,m1,m2,m3\na,2,1,2\n"
    with pytest.raises(SurveyError, match="'m1' is a box to tick and holds '2', which is neither ticked nor not"):
        read(tmp_path, text, {"columns": COLUMNS})
    swapped = {"columns": COLUMNS, "selected": [2], "not_selected": [1]}
    assert ticked(read(tmp_path, text, swapped)) == {"a": "x-x"}


def test_one_column_lists_the_boxes_ticked(tmp_path: Path) -> None:
    text = 'id,m\na,"TV,Radio"\nb,"News sites, apps"\nc,\nd,"Radio,News sites, apps"\n'
    options = {"column": "m", "separator": ",", "options": ["TV", "Radio", "News sites, apps"]}
    survey = read(tmp_path, text, options)
    assert ticked(survey) == {"a": "xx-", "b": "--x", "c": "   ", "d": "-xx"}
    assert survey.questions[0].id == "media: TV"
    assert ticked(read(tmp_path, text, options | {"blank": "not selected"}))["c"] == "---"
    with pytest.raises(SurveyError, match="'TV,Radio' lists 'Radio', which is none of its boxes"):
        read(tmp_path, text, options | {"options": ["TV", "News sites, apps"]})


def test_without_options_the_parts_are_the_boxes(tmp_path: Path) -> None:
    survey = read(tmp_path, "id,m\na,TV; Radio\nb,Radio\n", {"column": "m", "separator": ";"})
    assert ticked(survey) == {"a": "xx", "b": "-x"}


def test_a_box_has_no_other_options(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,m1\na,1\n")
    for more in ({"options": ["a", "b"]}, {"blank": "a"}):
        entry = {"text": "Which?", "multiple": {"columns": ["m1"]}, **more}
        with pytest.raises(SurveyError, match="keep `multiple`"):
            read_survey(tmp_path / "t.csv", codebook={"respondent": "id", "questions": {"q": entry}})
    both = {"columns": ["m1"], "column": "m1"}
    with pytest.raises(SurveyError, match="either `columns` or `column`"):
        read(tmp_path, "id,m1\na,1\n", both)


def test_nobody_ticked_a_box(tmp_path: Path) -> None:
    survey = read(tmp_path, "id,m1,m2,m3\na,1,0,0\nb,1,1,0\n", {"columns": COLUMNS})
    assert ticked(survey) == {"a": "x--", "b": "xx-"}
