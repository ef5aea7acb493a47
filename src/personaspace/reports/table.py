"""Tables of a page: cells as text, and the same table as a CSV file inside the page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from personaspace.profiles.quoting import percent
from personaspace.survey.spreadsheet import csv_text

Format = Callable[[Any], str]
Columns = Mapping[str, tuple[str, Format]]
"""By column of the table its heading and how its cells are written."""


@dataclass(frozen=True)
class Table:
    """A table as a page shows it.

    Attributes:
        name: Its file's name when it is saved, without an ending.
        caption: What it holds.
        headings: Of every column.
        rows: Cells; the first of each row is its heading.
        numbers: Whether each column holds numbers.
        csv: The file as a ``data:`` address.
    """

    name: str
    caption: str
    headings: list[str]
    rows: list[list[str]]
    numbers: list[bool]
    csv: str


def table(name: str, caption: str, frame: pd.DataFrame, columns: Columns) -> Table:
    """A table with chosen columns; its CSV file holds all of them, unrounded."""
    shown = [[write(value) for value in frame[column]] for column, (_, write) in columns.items()]
    numbers = [write is not text for _, write in columns.values()]
    headings = [heading for heading, _ in columns.values()]
    rows = [list(cells) for cells in zip(*shown, strict=True)]
    return Table(name, caption, headings, rows, numbers, csv_address(frame))


def csv_address(frame: pd.DataFrame) -> str:
    """A table as a CSV file in a ``data:`` address; spreadsheets take none of its texts for a formula."""
    content = base64.b64encode(("\ufeff" + csv_text(frame)).encode("utf-8", "replace")).decode()
    return f"data:text/csv;charset=utf-8;base64,{content}"


def text(value: Any) -> str:
    """A text as it is; nothing where it is missing."""
    return "" if value is None or pd.isna(value) else str(value)


def count(value: Any) -> str:
    """A whole number with commas."""
    return "" if pd.isna(value) else f"{int(value):,}"


def share(value: Any) -> str:
    """A share in percent."""
    return "–" if pd.isna(value) else percent(float(value))  # noqa: RUF001  (a dash for what there is not)


def number(value: Any) -> str:
    """A number with two decimals, three where it is small."""
    return "–" if pd.isna(value) else _fixed(float(value), 2 if abs(value) >= 0.1 else 3)  # noqa: RUF001


def points(value: Any) -> str:
    """A share in percent with one decimal."""
    return "–" if pd.isna(value) else f"{_fixed(100 * float(value), 1)}%"  # noqa: RUF001


def _fixed(value: float, digits: int) -> str:
    """A number with so many decimals, and without a sign where it is 0."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
