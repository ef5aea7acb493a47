from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import openpyxl
import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.formats.registry import open_table


def write(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Data"
    for row in rows:
        book.active.append(row)
    book.create_sheet("Notes").append(["id", "r"])
    book.save(path)
    return path


def test_cells_are_what_excel_holds(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.XLSX",
        [
            [None],
            ["id", "q", "asked", "ok", "text", None],
            ["007", 1, datetime.datetime(2024, 2, 1), True, "=1+1", None],
            [None, None, None, None, None, None],
            ["8", 2.5, datetime.datetime(2024, 2, 1, 9, 30), False, "#N/A", " "],
        ],
    )
    table = open_table(path)
    assert {name: column.cells.tolist() for name, column in table.columns.items()} == {
        "id": ["007", "8"],
        "q": [1.0, 2.5],
        "asked": ["2024-02-01", "2024-02-01T09:30:00"],
        "ok": ["TRUE", "FALSE"],
        "text": [None, None],
    }
    assert table.notes == (
        "the first of 2 sheets, 'Data', was read, not 'Notes'",
        "1 cell(s) hold an error of Excel and are empty, first #N/A in E5",
        "1 formula(s) were saved without their values and are empty: open the file in Excel and save it",
        "1 empty row(s) were left out",
        "1 column(s) with neither name nor cells were left out",
    )


def test_a_sheet_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", [["id"], [1]])
    assert list(open_table(path, sheet="Notes").columns) == ["id", "r"]
    with pytest.raises(SurveyError, match="has no sheet 'Note': it has 'Data', 'Notes'"):
        open_table(path, sheet="Note")


def edited(path: Path, target: Path, old: bytes, new: bytes) -> Path:
    """A copy of a workbook with its first sheet changed."""
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(target, "w") as copy:
        for name in book.namelist():
            part = book.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old in part
                part = part.replace(old, new)
            copy.writestr(name, part)
    return target


def test_values_that_excel_saved_with_formulas_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", [["id", "q"], [1, "=1+1"]])
    table = open_table(edited(path, tmp_path / "u.xlsx", b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    assert table.columns["q"].cells.tolist() == [2]
    assert not any("formula" in note for note in table.notes)


def test_a_sheet_that_states_its_size_wrongly_is_read_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", [["id", "q"], [1, "a"], [2, "b"]])
    table = open_table(edited(path, tmp_path / "u.xlsx", b'<dimension ref="A1:B3" />', b'<dimension ref="A1" />'))
    assert table.columns["q"].cells.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04not really", "cannot be read as an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old .xls or has a password"),
        (b"<html><title>Sign in</title>", r"holds a web page \('Sign in'\)"),
        (b"", "cannot be read as an Excel workbook"),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(SurveyError, match=says):
        open_table(tmp_path / "t.xlsx")


def test_a_workbook_damaged_anywhere_is_one_error(tmp_path: Path) -> None:
    whole = write(tmp_path / "t.xlsx", [["id", "q"], [1, "a"]]).read_bytes()
    for at in range(10, len(whole), 97):
        (tmp_path / "t.xlsx").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        try:
            open_table(tmp_path / "t.xlsx")
        except SurveyError as error:
            assert "\n" not in str(error)
