"""LabelledTable: the columns of a file as they are, with what the file itself says of them.

Every format with a row per respondent or per answer (CSV, Excel, parquet, SPSS, Stata, Qualtrics, ...) is opened as a
labelled table; what its columns mean is then said by a codebook, drafted or written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

Role = str
"""What a column is for: one of :data:`ROLES`."""

ROLES = ("respondent", "weight", "trait", "administrative", "derived", "free text", "number", "checkbox", "question")


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a file.

    Attributes:
        name: As the file has it; unique.
        cells: Its cells, a row each: text, numbers, or missing where the file has nothing. Dates are text.
        text: The question or variable label, or ``None`` where the file has none.
        labels: From code (as :func:`~personaspace.survey.readers.coding.plain` text) to its label, in the file's order.
        declared: Codes, as plain text, that the file itself declares missing.
        group: What the checkboxes of one "tick all that apply" question share, such as its id; ``None`` elsewhere.
        role: What the format itself says that the column is for (Qualtrics' ``StartDate`` is administrative), one of
            :data:`ROLES`; ``None`` where it says nothing.
    """

    name: str
    cells: pd.Series
    text: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    group: str | None = None
    role: Role | None = None


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """The columns of a file, with what the file says of them.

    Attributes:
        path: The file, for messages.
        columns: By name, in the file's order; all of the same length.
        notes: What a reader of the data should know about the reading, a sentence each: cells that could not be
            decoded, empty rows that were dropped, an encoding that was guessed.
    """

    path: Path
    columns: Mapping[str, Column]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())).cells) if self.columns else 0
