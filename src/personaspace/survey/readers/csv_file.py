"""Read CSV files as text, cell by cell, and write copies in which some cells are changed and all other bytes kept."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal, cast

import pandas as pd

from personaspace.errors import SurveyError, first_fault, shown
from personaspace.files import write_atomically
from personaspace.survey.lookup import index_of
from personaspace.survey.question import repeated

UNREADABLE = (OSError, EOFError, ValueError, csv.Error, zlib.error, OverflowError, MemoryError)
"""What damaged files raise when they are read as CSV."""

Cells = Mapping[tuple[int, str], str]
"""Text by row (from 0, below the header) and column."""


def read_csv(path: Path, delimiter: str = ",", dtype: Literal["str", "category"] = "str") -> pd.DataFrame:
    """Read a CSV file, plain or gzipped, without guessing what its cells are.

    Args:
        path: A file in UTF-8.
        delimiter: The character between columns.
        dtype: ``"category"`` where few values fill many rows.

    Returns:
        A table of text; ``"None"`` and ``"NA"`` are text too, only an empty cell is missing.

    Raises:
        SurveyError: The file is no such table, has a column twice or rows longer or shorter than its header.
    """
    try:
        header = _header(path, delimiter)
        frame = pd.read_csv(
            path, dtype=dtype, sep=delimiter, keep_default_na=False, na_values=[""], encoding="utf-8-sig"
        )
        short = _short_row(path, delimiter) if len(frame.columns) and frame.iloc[:, -1].hasnans else None
    except UNREADABLE as error:
        raise SurveyError(
            f"{path} cannot be read as a table in UTF-8: {first_fault(error)}; save it so again"
        ) from error
    if twice := repeated(header):
        raise SurveyError(f"{path} has the column {shown(twice[0])} twice: rename one of them")
    if not isinstance(frame.index, pd.RangeIndex):
        raise SurveyError(f"{path} has rows with more cells than its first line names: complete the header")
    if short:
        row, line, cells = short
        raise SurveyError(
            f"{path}: row {row} (line {line} of the file) has {cells} cell(s) where the header names {len(header)}: "
            "the file may have been cut off; complete the row, with empty cells where there is no answer"
        )
    return frame


def write_csv_with(
    source: Path,
    target: Path,
    rows: int,
    cells: Cells,
    more: Sequence[Mapping[str, str]] = (),
    delimiter: str = ",",
) -> None:
    """Copy a CSV file with some cells replaced and rows added at the end.

    Args:
        source: Plain or, where its name ends in .gz, gzipped.
        target: Gzipped where the source is.
        rows: How many rows the source was read with.
        cells: The cells to replace.
        more: Rows to add, text by column; other columns stay empty.
        delimiter: The character between columns.

    Raises:
        SurveyError: The file has another number of rows when taken line by line.
        RunError: The target cannot be written.
    """
    zipped = source.suffix == ".gz"
    content = gzip.decompress(source.read_bytes()) if zipped else source.read_bytes()
    text = "".join(_filled(source, content.decode(), rows, cells, more, delimiter)).encode()
    write_atomically(target, lambda path: path.write_bytes(gzip.compress(text, mtime=0) if zipped else text))


def _header(path: Path, delimiter: str) -> list[str]:
    with _opened(path) as lines:
        return next(csv.reader(lines, delimiter=delimiter), [])


def _short_row(path: Path, delimiter: str) -> tuple[int, int, int] | None:
    """The first row with fewer cells than the header: its number, its line in the file and its number of cells."""
    with _opened(path) as lines:
        rows = csv.reader(lines, delimiter=delimiter)
        width, number = len(next(rows, [])), 0
        for cells in rows:
            if cells and (len(cells) > 1 or cells[0].strip()):  # no blank line
                number += 1
                if len(cells) < width:
                    return number, rows.line_num, len(cells)
    return None


def _opened(path: Path) -> IO[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    return cast("IO[str]", opened(path, "rt", encoding="utf-8-sig", newline=""))


def _filled(
    source: Path, text: str, rows: int, cells: Cells, more: Sequence[Mapping[str, str]], delimiter: str
) -> Iterator[str]:
    records = _records(text)
    header = next(records, "")
    yield header
    names = next(csv.reader([header.removeprefix("\ufeff")], delimiter=delimiter), [])
    place = index_of(names)
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), cell in cells.items():
        by_row.setdefault(row, []).append((place[column], cell))
    row, record = 0, header
    for record in records:
        blank = not record.strip()
        yield record if blank or row not in by_row else _with(record, by_row[row], delimiter)
        row += not blank
    if row != rows:
        raise SurveyError(f"{source} was read as {rows} rows and has {row} when taken line by line: save it anew")
    ending = "\r\n" if header.endswith("\r\n") else "\n"
    if more and not record.endswith("\n"):
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
