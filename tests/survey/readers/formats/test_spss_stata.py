"""SPSS and Stata files are opened whole, whatever a cell of theirs holds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.readers.formats.spss_stata import open_labelled
from personaspace.survey.readers.labelled import file as whole
from personaspace.survey.readers.registry import read_survey, writer_of

AGREE = {1.0: "Agree", 2.0: "Disagree"}
SECONDS = 10010390400.0
"""From SPSS's day zero to 1900."""


def save(folder: Path, columns: dict[str, Any], name: str = "t.sav", **about: Any) -> Path:
    pyreadstat.write_sav(pd.DataFrame(columns), folder / name, compress=name.endswith(".zsav"), **about)
    return folder / name


@pytest.mark.parametrize(
    ("format_name", "number", "missing", "text"),
    [
        ("DATE11", SECONDS + 86400, "1900-01-01", "1900-01-02"),
        ("ADATE10", SECONDS + 86400, "1900-01-01", "1900-01-02"),
        ("DATETIME20", SECONDS + 3661, "1900-01-01 00:00:00", "1900-01-01 01:01:01"),
        ("MOYR8", SECONDS + 40 * 86400, "1900-01", "1900-02"),
        ("QYR6", SECONDS + 100 * 86400, "1900-Q1", "1900-Q2"),
    ],
)
def test_a_date_with_a_label_may_be_declared_missing(
    tmp_path: Path, format_name: str, number: float, missing: str, text: str
) -> None:
    column = open_labelled(
        save(
            tmp_path,
            {"d": [number, SECONDS, None]},
            variable_format={"d": format_name},
            variable_value_labels={"d": {SECONDS: "No date given"}},
            missing_ranges={"d": [SECONDS]},
        )
    ).columns["d"]
    assert column.cells.fillna("?").tolist() == [text, missing, "?"]
    assert (dict(column.labels), set(column.declared)) == ({missing: "No date given"}, {missing})


def test_times_are_text_and_may_be_longer_than_a_day(tmp_path: Path) -> None:
    path = save(tmp_path, {"t": [3661.0, 90000.0, 0.5]}, variable_format={"t": "TIME8"})
    assert open_labelled(path).columns["t"].cells.tolist() == ["01:01:01", "25:00:00", "00:00:00.500"]


def test_an_impossible_date_stays_a_number_and_is_noted(tmp_path: Path) -> None:
    table = open_labelled(save(tmp_path, {"d": [SECONDS, 1e15, 1e15]}, variable_format={"d": "DATE11"}))
    assert table.columns["d"].cells.tolist() == ["1900-01-01", "1000000000000000", "1000000000000000"]
    assert table.notes == ("d: 2 cell(s) are no date between the years 1 and 9999 and stay the numbers they are",)


def test_stata_s_dates_and_missing_letters(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": pd.Series([1, 2, "b"], dtype=object), "day": [0.0, 21916.0, None], "month": [720.0, 1, -1]}
    )
    path = tmp_path / "t.dta"
    labels: Any = {"a": {1: "Yes", "b": "Refused"}}
    kinds = {"day": "%td", "month": "%tm"}
    pyreadstat.write_dta(
        frame, path, variable_value_labels=labels, missing_user_values={"a": ["b"]}, variable_format=kinds
    )
    table = open_labelled(path)
    a = table.columns["a"]
    assert (dict(a.labels), set(a.declared)) == ({"1": "Yes", "b": "Refused"}, {"b"})
    assert a.cells.tolist() == [1, 2, "b"]
    assert table.columns["day"].cells.fillna("?").tolist() == ["1960-01-01", "2020-01-02", "?"]
    assert table.columns["month"].cells.tolist() == ["2020-01", "1960-02", "1959-12"]


def test_ranges_and_single_codes_are_declared_and_minus_zero_is_zero(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        {"a": [1.0, -0.0, -3.0, 97.0], "s": ["x", "", "n", "y"], "one": [1.0, 2.0, 1.0, 2.0]},
        column_labels=["Well?", None, "One"],
        variable_value_labels={"a": {1.0: "Agree", -9.0: "Refused"}, "s": {"x": "Yes"}},
        missing_ranges={"a": [{"lo": -9, "hi": -1}, 97], "s": ["n"], "one": [8, 9]},
    )
    a, s, one = open_labelled(path).columns.values()
    assert (a.text, dict(a.labels), set(a.declared)) == ("Well?", {"1": "Agree", "-9": "Refused"}, {"-9", "-3", "97"})
    assert [str(cell) for cell in a.cells] == ["1.0", "0.0", "-3.0", "97.0"]
    assert (s.text, dict(s.labels), set(s.declared), s.cells.fillna("?").tolist()) == (
        None,
        {"x": "Yes"},
        {"n"},
        ["x", "?", "n", "y"],
    )
    assert one.declared == {"8", "9"}


def bad_byte(folder: Path) -> Path:
    path = save(
        folder, {"q": [1.0, 2.0, 1.0], "open": ["gut", "schön", "schön"]}, column_labels=["Würden Sie?", None],
        variable_value_labels={"q": {1.0: "Überhaupt nicht", 2.0: "Völlig"}},
    )  # fmt: skip
    stored = path.read_bytes()
    path.write_bytes(stored.replace("schön".encode(), b"sch\x9aon", 1))
    return path


def test_one_bad_byte_is_marked_and_its_cell_named(tmp_path: Path) -> None:
    table = open_labelled(bad_byte(tmp_path))
    assert table.columns["open"].cells.tolist() == ["gut", "sch\ufffdon", "schön"]
    assert (table.columns["q"].text, table.columns["q"].labels["2"]) == ("Würden Sie?", "Völlig")
    (note,) = table.notes
    assert "open: bytes in row 2 are no utf-8" in note


def test_an_encoding_that_is_given_is_followed(tmp_path: Path) -> None:
    path = save(tmp_path, {"ö": ["schön", "x"]}, column_labels=["Würde?"])
    stored = path.read_bytes()
    path.write_bytes(stored.replace("schön".encode() + b" ", "schön".encode("cp1252") + b"  "))
    (column,) = open_labelled(path, encoding="utf-8").columns.values()
    assert column.cells.tolist()[0].startswith("sch\ufffdn")
    (column,) = open_labelled(path, encoding="cp1252").columns.values()
    assert (column.cells.tolist(), column.text) == (["schön", "x"], "WÃ¼rde?")
    with pytest.raises(SurveyError, match="unknown encoding 'klingon': give one such as"):
        open_labelled(path, encoding="klingon")


def test_checkboxes_of_a_multiple_response_set_share_a_group(tmp_path: Path) -> None:
    path = save(tmp_path, {"tv": [1.0, 0.0], "web": [0.0, 1.0], "q": [1.0, 2.0]})
    stored, sets = path.read_bytes(), b"$media=D1 1 9 Media use tv web\n"
    end = stored.index(struct.pack("<ii", 999, 0))
    path.write_bytes(stored[:end] + struct.pack("<iiii", 7, 7, 1, len(sets)) + sets + stored[end:])
    assert [column.group for column in open_labelled(path).columns.values()] == ["media", "media", None]


@pytest.mark.parametrize("name", ["T.SAV", "t.zsav", "t.por", "t.dta"])
def test_every_format_is_opened_in_pieces_and_in_part(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"N": np.arange(10.0), "S": [None, *"abcdefghi"]})
    path = tmp_path / name
    writers: dict[str, Any] = {".por": pyreadstat.write_por, ".dta": pyreadstat.write_dta}
    writers.get(path.suffix, pyreadstat.write_sav)(frame, path)
    monkeypatch.setattr(whole, "CELLS", 6)
    table = open_labelled(path)
    assert table.columns["N"].cells.tolist() == frame["N"].tolist()
    assert table.columns["S"].cells.fillna("?").tolist() == ["?", *"abcdefghi"]
    assert [len(open_labelled(path, rows=rows)) for rows in (2, 5, 99)] == [2, 5, 10]


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.sav"
    path.write_text("\n<!DOCTYPE html><p>404")
    with pytest.raises(SurveyError, match=r"t.sav is a web page, not a \.sav file: download it again"):
        open_labelled(path)
    path.write_text("junk")
    with pytest.raises(SurveyError, match=r"t.sav cannot be read as \.sav"):
        open_labelled(path)


@pytest.mark.parametrize("name", ["t.sav", "t.zsav"])
def test_filled_copies_keep_the_notes_of_the_document_and_impossible_dates(tmp_path: Path, name: str) -> None:
    path = save(
        tmp_path,
        {"q": [1.0, 2.0, None], "r": [1.0, 2.0, 2.0], "d": [SECONDS, 1e15, None]},
        name,
        note=["Fielded in May.", "Weights to follow."],
        variable_value_labels={"q": AGREE, "r": AGREE},
        variable_format={"d": "DATE11"},
    )
    book = {"questions": ["q", "r"]}
    writer = writer_of(path, book, read_survey(path, book))
    assert writer is not None
    copy = writer.write(Answers(np.array([2]), np.array([0]), np.array([1])), tmp_path / "copy")
    frame, about = pyreadstat.read_sav(copy, disable_datetime_conversion=True)
    assert [line.strip() for line in about.notes] == ["Fielded in May.", "Weights to follow."]
    assert frame["q"].tolist() == [1.0, 2.0, 2.0]
    assert frame["d"].tolist()[:2] == [SECONDS, 1e15]
