"""Open SPSS and Stata files, whose variables carry the texts of questions and options as labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.labelled.dates import date_text
from personaspace.survey.readers.labelled.file import read_file
from personaspace.survey.readers.labelled_table import Column, LabelledTable

SUFFIXES = (".sav", ".zsav", ".por", ".dta")


def open_labelled(path: Path, encoding: str | None = None, rows: int | None = None) -> LabelledTable:
    """Open an SPSS or Stata file: its columns with their labels, and the codes that it declares missing.

    Dates and times are text ("1990-05-19"), and so are their labels' codes; a number that is no date between the years
    1 and 9999 stays the number it is. Of a .por file, cells that are declared missing are empty.

    Args:
        path: A .sav, .zsav, .por or .dta file.
        encoding: Of its texts, such as ``"cp1252"``; what the file says if not given. Cells that are not in it are read
            with a mark, and noted.
        rows: Only so many of the first rows, for a draft of a large file.

    Returns:
        Columns in the file's order; the checkboxes of a multiple response set share a group.

    Raises:
        SurveyError: The file is damaged (tried in a child process first, since it may end the one that reads it).
    """
    file = read_file(path, encoding, rows)
    groups, notes = _groups(file.about), list(file.notes)
    columns = {}
    for name, cells in file.columns.items():
        as_text = date_text(file.about.original_variable_types.get(name) or "")
        codes = file.about.variable_value_labels.get(name, {})
        declared = _declared(cells, codes, file.about.missing_ranges.get(name, []))
        declared |= {*file.about.missing_user_values.get(name, [])}
        shown = _shown(as_text)
        columns[name] = Column(
            name,
            _cells(cells, None if as_text is None else shown),
            text=file.about.column_names_to_labels.get(name) or None,
            labels={shown(code): str(label) for code, label in codes.items()},
            declared=frozenset(shown(code) for code in declared),
            group=groups.get(name.casefold()),
        )
        if as_text is not None and (odd := _no_dates(cells, as_text)):
            notes.append(
                f"{name}: {odd} cell(s) are no date between the years 1 and 9999 and stay the numbers they are"
            )
    return LabelledTable(path, columns, tuple(notes))


def _shown(as_text: Callable[[float], str | None] | None) -> Callable[[Any], str]:
    """What turns a code into the plain text of its cells."""
    if as_text is None:
        return plain
    return lambda code: plain(code) if isinstance(code, str) else as_text(float(code)) or plain(code)


def _cells(cells: pd.Series, shown: Callable[[Any], str] | None) -> pd.Series:
    """Cells as a labelled table has them: dates as text, empty text as nothing, 0 for -0."""
    if shown is not None:
        return cells.map({cell: shown(cell) for cell in cells.dropna().unique()}).astype("str")
    if pd.api.types.is_float_dtype(cells):
        zeros = cells.to_numpy() == 0
        return cells + 0.0 if np.signbit(cells.to_numpy()[zeros]).any() else cells
    if pd.api.types.is_string_dtype(cells):
        return cells.mask(cells.str.strip() == "")
    return cells


def _no_dates(cells: pd.Series, as_text: Callable[[float], str | None]) -> int:
    numbers = pd.to_numeric(cells, errors="coerce").dropna()
    return int(numbers.isin([number for number in numbers.unique() if as_text(number) is None]).sum())


def _declared(cells: pd.Series, codes: Iterable[Any], ranges: Sequence[Mapping[str, Any]]) -> set[Any]:
    """The codes that lie in a range declared missing: those labelled, those found, and the ends of each range."""
    if not ranges:
        return set()
    ends = [part[end] for part in ranges for end in ("lo", "hi") if part["lo"] == part["hi"]]
    known = [*codes, *cells.dropna().unique(), *ends]
    return {
        code
        for code in known
        for part in ranges
        if isinstance(part["lo"], str) == isinstance(code, str) and part["lo"] <= code <= part["hi"]
    }


def _groups(about: Any) -> dict[str, str]:
    """From variable, in lower case, to the multiple response set whose checkbox it is."""
    sets = {name.lstrip("$"): of for name, of in about.mr_sets.items() if of["is_dichotomy"]}
    return {variable.casefold(): name for name, of in sets.items() for variable in of["variable_list"]}
