"""CSV files changed cell by cell: what is not filled in stays as it was, byte for byte."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from personaspace.errors import SurveyError
from personaspace.files import write_atomically

Cells = Mapping[tuple[int, str], str]
"""Text by row (from 0, below the header) and column."""


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
        cells: What to write where.
        more: Rows to add, text by column; other columns stay empty.
        delimiter: What separates the columns.

    Raises:
        SurveyError: The file has another number of rows when taken line by line.
        RunError: The target cannot be written.
    """
    zipped = source.suffix == ".gz"
    content = gzip.decompress(source.read_bytes()) if zipped else source.read_bytes()
    text = "".join(_filled(source, content.decode(), rows, cells, more, delimiter)).encode()
    write_atomically(target, lambda path: path.write_bytes(gzip.compress(text, mtime=0) if zipped else text))


def _filled(
    source: Path, text: str, rows: int, cells: Cells, more: Sequence[Mapping[str, str]], delimiter: str
) -> Iterator[str]:
    records = _records(text)
    header = next(records, "")
    yield header
    names = next(csv.reader([header.removeprefix("\ufeff")], delimiter=delimiter), [])
    place = {name: at for at, name in enumerate(names)}
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
    """Lines with their ends; those inside quotes do not end a record."""
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
    parts += [""] * (max(at for at, _ in filled) + 1 - len(parts))
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
