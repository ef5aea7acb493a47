"""Read CSV files as text, cell by cell, and write copies in which some cells are changed and all other bytes kept."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from personaspace.errors import SurveyError, shown
from personaspace.files import write_atomically
from personaspace.survey.lookup import index_of
from personaspace.survey.readers.formats.csv_file import open_csv
from personaspace.survey.readers.formats.text_file import read_text_file

Cells = Mapping[tuple[int, str], str]
"""Text by row (from 0, below the header) and column."""


def read_csv(
    path: Path,
    delimiter: str | None = None,
    encoding: str | None = None,
    dtype: Literal["str", "category"] = "str",
) -> pd.DataFrame:
    """Read a CSV file, plain or gzipped, without guessing what its cells are.

    Args:
        path: A file that names its columns in its first line.
        delimiter: The character between columns; told from the file if not given.
        encoding: What the file is in; told from the file if not given.
        dtype: ``"category"`` where few values fill many rows.

    Returns:
        A table of text; ``"None"`` and ``"NA"`` are text too, only an empty cell is missing. Empty rows are left out.

    Raises:
        SurveyError: The file is no such table, has a column twice or rows longer or shorter than its header.
    """
    grid = open_csv(path, encoding, delimiter, dtype).tidy()
    return pd.DataFrame(grid.named(grid.header))


def write_csv_with(
    source: Path,
    target: Path,
    rows: int,
    cells: Cells,
    more: Sequence[Mapping[str, str]] = (),
    delimiter: str | None = None,
    encoding: str | None = None,
) -> None:
    """Copy a CSV file with some cells replaced and rows added at the end.

    Args:
        source: Plain or gzipped.
        target: Gzipped where its name ends in .gz.
        rows: How many rows the source was read with.
        cells: The cells to replace.
        more: Rows to add, text by column; other columns stay empty.
        delimiter: The character between columns; told from the file if not given.
        encoding: What the file is in; told from the file if not given.

    Raises:
        SurveyError: The file has another number of rows when taken line by line, or its encoding lacks a character.
        RunError: The target cannot be written.
    """
    file = read_text_file(source, encoding, delimiter)
    text = file.above + "".join(_filled(source, file.text, rows, cells, more, file.delimiter))
    try:
        data = text.encode(file.encoding, "surrogateescape")
    except UnicodeEncodeError as error:
        raise SurveyError(
            f"{source} is in {file.encoding}, which lacks {shown(text[error.start])}: save it in UTF-8 and start anew"
        ) from error
    packed = gzip.compress(data, mtime=0) if target.suffix == ".gz" else data
    write_atomically(target, lambda path: path.write_bytes(packed))


def _filled(
    source: Path, text: str, rows: int, cells: Cells, more: Sequence[Mapping[str, str]], delimiter: str
) -> Iterator[str]:
    records = _records(text)
    header = next(records, "")
    yield header
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    place = index_of(names)
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), cell in cells.items():
        by_row.setdefault(row, []).append((place[column], cell))
    row, record = 0, header
    for record in records:
        blank = not record.strip(delimiter + '" \t\r\n')
        yield record if blank or row not in by_row else _with(record, by_row[row], delimiter)
        row += not blank
    if row != rows:
        raise SurveyError(f"{source} was read as {rows} rows and has {row} when taken line by line: save it anew")
    ending = header[len(header.rstrip("\r\n")) :] or "\n"
    if more and not record.endswith(("\r", "\n")):
        yield ending
    for added in more:
        yield delimiter.join(_quoted(added.get(name, ""), delimiter) for name in names) + ending


def _records(text: str) -> Iterator[str]:
    """Records with their line ends; a line end inside quotes does not end a record."""
    record = ""
    for line in io.StringIO(text, newline=""):
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""
    if record:
        yield record


def _with(record: str, filled: list[tuple[int, str]], delimiter: str) -> str:
    body = record.rstrip("\r\n")
    parts = _fields(body, delimiter)
    for at, cell in filled:
        parts[at] = _quoted(cell, delimiter)
    return delimiter.join(parts) + record[len(body) :]


def _fields(body: str, delimiter: str) -> list[str]:
    """The cells of a record with their quotes."""
    fields: list[str] = []
    for part in body.split(delimiter):
        if fields and fields[-1].count('"') % 2:
            fields[-1] += delimiter + part
        else:
            fields.append(part)
    return fields


def _quoted(cell: str, delimiter: str) -> str:
    special = any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if special else cell
