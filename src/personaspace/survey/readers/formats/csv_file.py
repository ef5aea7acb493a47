"""Open CSV and other delimited text files as a grid of texts."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

import pandas as pd

from personaspace.errors import SurveyError, first_fault
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.formats.text_file import BROKEN, TextFile, read_text_file, records_of

BLANK = ("", " ")
"""Cells that are empty; SPSS writes a space for a missing value."""

UNREADABLE = (ValueError, csv.Error, OverflowError, MemoryError)
"""What malformed text raises when it is read as CSV."""

Cells = Literal["str", "category"]


def open_csv(path: Path, encoding: str | None = None, delimiter: str | None = None, dtype: Cells = "str") -> Grid:
    """Open a delimited text file, plain or gzipped, without guessing what its cells are.

    Args:
        path: The file.
        encoding: Told from the bytes if not given; see :func:`read_text_file`.
        delimiter: Told from the first records if not given.
        dtype: ``"category"`` where few values fill many rows.

    Returns:
        Text as it stands; ``"None"`` and ``"NA"`` are text too, only an empty cell is missing.

    Raises:
        SurveyError: The file is no such table, or has rows longer or shorter than its header.
    """
    file = read_text_file(path, encoding, delimiter)
    stream = io.StringIO(file.text if file.text.isascii() else BROKEN.sub("\ufffd", file.text), newline="")
    try:
        header = next((cells for _, cells in records_of(stream, file.delimiter)), [])
        frame = _frame(stream, file, len(header), dtype)
        short = len(header) > 1 and frame[len(header) - 1].hasnans
        if short or frame.iloc[:, len(header) :].notna().any(axis=None):
            _check_widths(file, len(header))
    except UNREADABLE as error:
        if isinstance(error, SurveyError):
            raise
        raise SurveyError(f"{path} cannot be read as a table: {first_fault(error)}; save it anew") from error
    return Grid(path, tuple(name.strip() for name in header), frame.iloc[:, : len(header)], file.notes)


def _frame(stream: io.StringIO, file: TextFile, width: int, dtype: Cells) -> pd.DataFrame:
    """The cells below the header; one column more than it names, or as many as the longest row has."""
    start = stream.tell()

    def read(columns: int) -> pd.DataFrame:
        stream.seek(start)
        names = list(range(columns))
        return pd.read_csv(
            stream,
            sep=file.delimiter,
            header=None,
            names=names,
            dtype=dtype,
            keep_default_na=False,
            na_values=BLANK,
            low_memory=False,  # in pieces, wide tables take longer
        )

    try:
        return read(width + 1)
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=range(width), dtype="str")
    except pd.errors.ParserError:
        longest = max(len(cells) for _, cells in records_of(file.text, file.delimiter))
        if longest <= width + 1:
            raise
        return read(longest)


def _check_widths(file: TextFile, width: int) -> None:
    """Raise :class:`SurveyError` for the first row that is shorter than the header, or longer and not empty there."""
    rows = records_of(file.text, file.delimiter)
    next(rows)
    for number, (line, cells) in enumerate(rows, start=1):
        if len(cells) < width:
            then = "the file may have been cut off; complete the row, with empty cells where there is no answer"
        elif any(cell.strip() for cell in cells[width:]):
            then = f"put cells that hold the delimiter {file.delimiter!r} between quotes, or complete the header"
        else:
            continue
        raise SurveyError(
            f"{file.path}: row {number} (line {line + file.above.count(chr(10))} of the file) has {len(cells)} cell(s) "
            f"where the header names {width}: {then}"
        )
