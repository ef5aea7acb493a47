"""Copies of a table with a codebook, blanks filled: the same columns, order and coding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personaspace.survey.answers import Answers
from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.codebook_file import read_codebook
from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.columns import plain_id
from personaspace.survey.readers.sheet import CsvSheet, ParquetSheet
from personaspace.survey.readers.source import Codebook
from personaspace.survey.readers.writer import SourceWriter, cells_of
from personaspace.survey.survey import Survey

Sheet = CsvSheet | ParquetSheet


def table_writer(path: Path, codebook: Codebook | None, survey: Survey) -> SourceWriter:
    """The writer of a table that was read as this survey."""
    book = read_codebook(path, codebook, TableCodebook)
    sheet = ParquetSheet(path) if path.suffix == ".parquet" else CsvSheet(path, book.delimiter)
    return LongTableWriter(book, sheet, survey) if book.layout == "long" else TableWriter(book, sheet, survey)


class TableWriter(SourceWriter):
    """Writer of a wide table: a row per respondent in the survey's order, a column per question."""

    def __init__(self, book: TableCodebook, sheet: Sheet, survey: Survey) -> None:
        self.book, self.sheet, self.survey = book, sheet, survey
        self.codings = list(book.codings().values())

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy; see :meth:`SourceWriter.write`."""
        cells: dict[tuple[int, str], Any] = {}
        for j, part in drawn.by_question():
            name = self.survey.questions[j].id
            written = self._written(j, part, self.sheet.frame[name], name)
            cells |= {(row, name): cell for row, cell in zip(part.respondent.tolist(), written, strict=True)}
        return self.sheet.write(target, cells)

    def _written(self, j: int, drawn: Answers, cells: pd.Series, column: str) -> list[Any]:
        codes = [self.sheet.native(column, code) for code in self.book.questions[self.survey.questions[j].id].options]
        return cells_of(self.survey.questions[j], drawn, cells, self.codings[j].encode(cells), codes)


class LongTableWriter(TableWriter):
    """Writer of a long table, a row per answer: empty rows are filled, missing ones added at the end."""

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy; see :meth:`SourceWriter.write`."""
        frame, book = self.sheet.frame, self.book
        asked = frame[book.question_column].map(plain, na_action="ignore").map(self.survey.question_index).to_numpy()
        people = pd.factorize(frame[book.respondent].map(plain_id))[0]
        first = pd.Series(range(len(frame))).groupby(people).first().to_numpy()
        cells: dict[tuple[int, str], Any] = {}
        more: list[dict[str, Any]] = []
        for j, part in drawn.by_question():
            here = np.flatnonzero(asked == j)
            written = self._written(j, part, frame[book.answer_column].iloc[here], book.answer_column)
            row_of = {int(people[row]): int(row) for row in here[::-1]}
            name = frame[book.question_column].iloc[here[0]] if len(here) else self.survey.questions[j].id
            for person, cell in zip(part.respondent.tolist(), written, strict=True):
                if person in row_of:
                    cells[row_of[person], book.answer_column] = cell
                else:
                    more.append(self._row(first[person]) | {book.question_column: name, book.answer_column: cell})
        return self.sheet.write(target, cells, more)

    def _row(self, like: int) -> dict[str, Any]:
        """The cells that every row of a respondent repeats: id, weight and traits."""
        same = [self.book.respondent, *self.book.traits, *([self.book.weight] if self.book.weight else [])]
        row = self.sheet.frame.iloc[like]
        return {name: None if pd.isna(row[name]) else row[name] for name in same}
