from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.csv_file import read_csv, write_csv_with
from personaspace.survey.readers.formats.registry import open_table
from personaspace.survey.readers.labelled_table import LabelledTable

ROWS = "id,Q1\n1,Weder noch … schön\n2,Größer\n"


def cells(table: LabelledTable) -> dict[str, list[str | None]]:
    return {name: [None if c != c else c for c in column.cells] for name, column in table.columns.items()}


def opened(path: Path, content: bytes | str, **settings: str) -> LabelledTable:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(path, **settings)


READ = {"id": ["1", "2"], "Q1": ["Weder noch … schön", "Größer"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", ROWS.encode()),
        ("T.CSV", codecs.BOM_UTF8 + ROWS.replace("\n", "\r\n").encode()),
        ("t.csv", ROWS.encode("utf-16")),
        ("t.csv", ROWS.replace(",", "\t").encode("utf-16")),
        ("t.csv", codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be")),
        ("t.csv", ROWS.encode("utf-16-le")),
        ("t.csv", ROWS.encode("utf-32")),
        ("t.csv", ROWS.replace("\n", "\r").encode()),
        ("t.csv", ROWS.replace(",", ";").encode()),
        ("t.csv", ROWS.replace(",", "|").encode()),
        ("t.tsv", ROWS.replace(",", "\t").encode()),
        ("t.txt", ROWS.replace(",", "\t").encode()),
        ("t.csv", b"sep=;\r\n" + ROWS.replace(",", ";").encode()),
        ("t.csv.gz", gzip.compress(ROWS.encode(), mtime=0)),
        ("t.csv", gzip.compress(ROWS.encode(), mtime=0)),
        ("t.csv", ROWS.replace("id,Q1", " id , Q1 ").encode()),
    ],
)
def test_the_same_table_in_every_usual_dress(tmp_path: Path, name: str, content: bytes) -> None:
    table = opened(tmp_path / name, content)
    assert cells(table) == READ
    assert table.notes == ()


def test_windows_1252_is_guessed_aloud_and_an_encoding_given_wins(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", ROWS.encode("cp1252"))
    assert cells(table) == READ
    assert table.notes == (
        "it is not in UTF-8 and was read as cp1252, in which a cell reads 'Weder noch … schön': if that is wrong, "
        "give the codebook `encoding`",
    )
    russian = "id,Q1\n1,Да\n2,Нет\n".encode("cp1251")
    assert cells(opened(tmp_path / "t.csv", russian, encoding="cp1251"))["Q1"] == ["Да", "Нет"]


def test_one_broken_character_in_a_file_of_utf_8_is_named(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", ROWS.encode().replace("ß".encode(), b"\xdf"))
    assert cells(table)["Q1"] == ["Weder noch … schön", "Gr\ufffder".replace("\ufffd", "ö\ufffd")]
    assert table.notes == (
        "1 character(s) are not UTF-8, unlike the rest of the file, and were replaced: row 2, column 'Q1'",
    )


@pytest.mark.parametrize(
    ("content", "settings", "says"),
    [
        (ROWS.encode("cp1252"), {"encoding": "utf-8"}, "is not in utf-8: row 1, column 'Q1' holds the byte 0x85"),
        (b"id,Q1\n1,\x81\n", {}, "is not in cp1252: row 1, column 'Q1' holds the byte 0x81"),
        (ROWS, {"encoding": "utf-9"}, "there is no text encoding 'utf-9'"),
        (ROWS, {"encoding": "hex"}, "there is no text encoding 'hex'"),
        (b"id,Q1\n1,a\0b\n", {}, "bytes that belong to no text"),
        (b"PK\x03\x04rest", {}, "is an Excel workbook or another zip archive, whatever its name says"),
        (b"$FL2rest", {}, "is an SPSS file"),
        ("<!DOCTYPE html>\n<html><head><title>Sign\nin</title>", {}, r"holds a web page \('Sign in'\) where a table"),
        ("\n <HTML><body>504</body>", {}, "holds a web page where a table"),
        ("", {}, "cannot be read as a table: it is empty"),
        ("id,q,q,r,r\n1,2,3,4,5\n", {}, "has the column 'q', 'r' twice"),
        ("id,q\n1,a\n2\n", {}, r"row 2 \(line 3 of the file\) has 1 cell\(s\) where the header names 2"),
        ("sep=,\nid,q\n1,a\n2\n", {}, r"row 2 \(line 4 of the file\) has 1 cell"),
        ("id,q\n1,a\n2,b,c\n", {}, r"row 2 \(line 3 of the file\) has 3 cell.* put cells that hold the delimiter ','"),
        ("id,q\n1,a\n2,b,c,d,e\n", {}, r"row 2 \(line 3 of the file\) has 5 cell"),
        ('id,q\n1,"a\n2,b\n', {}, "cannot be read as a table"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes | str, settings: dict[str, str], says: str) -> None:
    with pytest.raises(SurveyError, match=says) as caught:
        opened(tmp_path / "t.csv", content, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.sav", "t.dta", "t.tsv"])
def test_an_error_page_is_named_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    with pytest.raises(SurveyError, match=r"holds a web page \('404'\) where a table was expected"):
        opened(tmp_path / name, "<html><head><title>404</title></head></html>")


def test_the_tails_of_excel_are_left_out_aloud(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", "id,q,,\n1,a,,\n,,,\n2,b,,\n\n,,,\n,,,\n")
    assert cells(table) == {"id": ["1", "2"], "q": ["a", "b"]}
    assert table.notes == (
        "3 empty row(s) were left out",
        "2 column(s) with neither name nor cells were left out",
    )


def test_a_space_is_an_empty_cell_and_words_are_not(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", "id,q\n1, \n2,NA\n3,None\n")
    assert cells(table)["q"] == [None, "NA", "None"]


def test_longer_rows_that_are_empty_there_are_read(tmp_path: Path) -> None:
    assert cells(opened(tmp_path / "t.csv", "id,q\n1,a,\n2,b,,,\n")) == {"id": ["1", "2"], "q": ["a", "b"]}


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    table = opened(tmp_path / "t.csv", ",q\n1,a\n2,b\n")
    assert list(table.columns) == ["column 1", "q"]
    assert table.notes == ("the first line gives no name to 'column 1'",)


def test_decimal_commas_are_read_as_points(tmp_path: Path) -> None:
    rows = "id;weight;ticked;income;open\n1;0,82;1,3;1,200;a, b\n2;1,25;2;15,000;3,5\n3;2;1,2;900;\n"
    table = opened(tmp_path / "t.csv", rows)
    read = cells(table)
    assert read["weight"] == ["0.82", "1.25", "2"]
    assert read["ticked"] == ["1,3", "2", "1,2"]
    assert read["income"] == ["1,200", "15,000", "900"]
    assert read["open"] == ["a, b", "3,5", None]
    assert table.notes == ("decimal commas were read as points in 'weight'",)


def test_a_comma_in_answers_does_not_make_it_the_delimiter(tmp_path: Path) -> None:
    rows = "id;media\n" + "".join(f"{i};TV, Radio, Internet\n" for i in range(9))
    assert list(opened(tmp_path / "t.csv", rows).columns) == ["id", "media"]


@pytest.mark.parametrize(
    ("encoding", "above", "delimiter", "ending"),
    [
        ("cp1252", "", ";", "\r\n"),
        ("utf-16", "", "\t", "\n"),
        ("utf-8-sig", "", ",", "\r\n"),
        ("utf-8", "sep=;\n", ";", "\n"),
        ("utf-8", "", ",", "\r"),
    ],
)
def test_a_copy_keeps_encoding_delimiter_and_line_ends(
    tmp_path: Path, encoding: str, above: str, delimiter: str, ending: str
) -> None:
    text = above + (ROWS + ",\n").replace(",", delimiter).replace("\n", ending)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert len(read_csv(tmp_path / "t.csv")) == 2
    write_csv_with(tmp_path / "t.csv", tmp_path / "u.csv", 2, {(1, "Q1"): "schön"}, [{"id": "3"}])
    filled = text.replace("Größer", "schön") + "3" + delimiter + ending
    assert (tmp_path / "u.csv").read_bytes() == filled.encode(encoding)


def test_a_copy_cannot_hold_what_its_encoding_lacks(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(ROWS.encode("cp1252"))
    with pytest.raises(SurveyError, match="is in cp1252, which lacks 'Ж'"):
        write_csv_with(tmp_path / "t.csv", tmp_path / "u.csv", 2, {(1, "Q1"): "Ж"})
