"""Open SPSS and Stata files, whose variables carry the texts of questions and options as labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import SurveyError, first_fault
from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.labelled.probe import probe
from personaspace.survey.readers.labelled_table import Column, LabelledTable

MALFORMED = (OSError, ValueError, TypeError, LookupError, OverflowError, MemoryError)
"""What pyreadstat and pandas raise on damaged files, beside pyreadstat's own errors."""


def read_file(path: Path) -> tuple[pd.DataFrame, Any]:
    """The values of a file and its metadata, as pyreadstat returns them; :class:`SurveyError` where it is damaged."""
    import pyreadstat

    probe(path)
    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    try:
        frame, file = read(path, user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, *MALFORMED) as error:
        raise SurveyError(f"{path} cannot be read as {path.suffix} ({first_fault(error)}): save it again") from error
    return frame, file


def open_labelled(path: Path) -> LabelledTable:
    """Open an SPSS or Stata file: its variables, with their labels and the codes that the file declares missing.

    Raises:
        SurveyError: The file is damaged (tried in a child process first, since it may end the one that reads it).
    """
    frame, file = read_file(path)
    return LabelledTable(path, {str(name): _column(str(name), frame[name], file) for name in frame.columns})


def _column(name: str, cells: pd.Series, file: Any) -> Column:
    labels = {plain(code): str(label) for code, label in file.variable_value_labels.get(name, {}).items()}
    codes = {plain(code): code for code in file.variable_value_labels.get(name, {})}
    codes |= {plain(cell): cell for cell in cells.dropna().unique()}
    declared = [code for code, cell in codes.items() if _within(cell, file.missing_ranges.get(name, []))]
    declared += [plain(code) for code in file.missing_user_values.get(name, [])]
    return Column(name, cells, file.column_names_to_labels.get(name), labels, frozenset(declared))


def _within(cell: Any, ranges: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a code lies in one of the ranges declared missing."""
    return any(
        part["lo"] <= cell <= part["hi"] for part in ranges if isinstance(part["lo"], str) == isinstance(cell, str)
    )
