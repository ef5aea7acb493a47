"""Grid: the cells of a text file or a sheet, before anybody has said what its first rows mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from personaspace.errors import SurveyError, listed
from personaspace.survey.question import repeated
from personaspace.survey.readers.labelled_table import Column, LabelledTable


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a text file or of a sheet.

    Attributes:
        path: The file, for messages.
        header: The first row, a text per column, empty where a cell is.
        cells: The rows below, columns numbered from 0; missing where a cell is empty.
        notes: What was guessed or left out so far, a sentence each.
    """

    path: Path
    header: tuple[str, ...]
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()

    def row(self, number: int) -> tuple[str, ...]:
        """A row below the header, from 0, as texts; empty where the grid has no such row."""
        if number >= len(self.cells):
            return ("",) * len(self.header)
        return tuple("" if pd.isna(cell) else str(cell).strip() for cell in self.cells.iloc[number])

    def below(self, rows: int) -> Grid:
        """The grid without so many rows below the header."""
        return replace(self, cells=self.cells.iloc[rows:].reset_index(drop=True))

    def tidy(self) -> Grid:
        """The grid without empty rows and without columns that have neither name nor cells; notes say what went."""
        given = self.cells.notna()
        columns = [j for j, name in enumerate(self.header) if name or given.iloc[:, j].any()]
        rows = given.any(axis=1).to_numpy() if len(self.cells) else slice(None)
        empty = int(len(self.cells) - given.any(axis=1).sum())
        if not empty and len(columns) == len(self.header):
            return self
        cells = self.cells.iloc[rows, columns].reset_index(drop=True)
        notes = [f"{empty} empty row(s) were left out"] if empty else []
        if more := len(self.header) - len(columns):
            notes.append(f"{more} column(s) with neither name nor cells were left out")
        kept = cells.set_axis(range(len(columns)), axis=1)
        return Grid(self.path, tuple(self.header[j] for j in columns), kept, (*self.notes, *notes))

    def named(self, names: Sequence[str]) -> dict[str, pd.Series]:
        """The columns by name, in order; :class:`SurveyError` where there is none, or a name occurs twice."""
        if not any(names):
            raise SurveyError(f"{self.path} cannot be read as a table: it is empty; its first line names its columns")
        if twice := list(dict.fromkeys(repeated(names))):
            raise SurveyError(f"{self.path} has the column {listed(twice)} twice: rename one of them")
        return {name: self.cells[j].rename(name) for j, name in enumerate(names)}


def plain_table(grid: Grid) -> LabelledTable:
    """The columns of a grid whose first row names them and that says no more about them.

    Raises:
        SurveyError: It has no columns, or two of one name.
    """
    names = [name or f"column {j + 1}" for j, name in enumerate(grid.header)]
    columns = {name: Column(name, cells) for name, cells in grid.named(names).items()}
    unnamed = [name for name, given in zip(names, grid.header, strict=True) if not given]
    notes = [f"the first line gives no name to {listed(unnamed)}"] if unnamed else []
    return LabelledTable(grid.path, columns, (*grid.notes, *notes))


DECIMAL_COMMA = re.compile(r"-?(\d+),(\d+)")


def with_decimal_points(grid: Grid) -> Grid:
    """A grid with points in place of decimal commas, in the columns that hold nothing but such numbers.

    A column is left as it is where all its commas could stand between thousands ("1,200") or between the codes of
    ticked boxes, which ascend ("1,3").
    """
    changed = []
    cells = grid.cells
    for j in cells.columns:
        if not cells[j].head(1000).dropna().astype(str).str.contains(",", regex=False).any():
            continue
        given = cells[j].dropna().astype(str).str.strip()
        commas = [found for text in given.unique() if (found := DECIMAL_COMMA.fullmatch(text))]
        numbers = given.str.fullmatch(r"-?\d+(,\d+)?").all()
        thousands = all(len(part[2]) == 3 and not part[1].startswith("0") for part in commas)
        ticked = all(0 < int(part[1]) < int(part[2]) and not part[2].startswith("0") for part in commas)
        if numbers and commas and not thousands and not ticked:
            changed.append(j)
    if not changed:
        return grid
    points = {j: cells[j].str.replace(",", ".", regex=False) if j in changed else cells[j] for j in cells.columns}
    note = f"decimal commas were read as points in {listed(grid.header[int(j)] for j in changed)}"
    return replace(grid, cells=pd.DataFrame(points), notes=(*grid.notes, note))
