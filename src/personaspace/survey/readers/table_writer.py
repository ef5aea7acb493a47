"""Copies of a table with a codebook, blanks filled: the same columns, order and coding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray
from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.coding import NumberCoding, plain
from personaspace.survey.readers.columns import plain_id
from personaspace.survey.readers.drafted import followed
from personaspace.survey.readers.labelled.writer import LabelledWriter
from personaspace.survey.readers.labelled_table import LabelledTable
from personaspace.survey.readers.question_codings import Codings, codings_of
from personaspace.survey.readers.sheet import CsvSheet, ParquetSheet
from personaspace.survey.readers.source import Codebook
from personaspace.survey.readers.writer import SourceWriter, cells_of
from personaspace.survey.survey import Survey

Sheet = CsvSheet | ParquetSheet
LABELLED = (".sav", ".zsav", ".dta")
TEXT = (".csv", ".tsv", ".tab", ".txt")


def table_writer(path: Path, codebook: Codebook | None, survey: Survey) -> SourceWriter | None:
    """The writer of a table that was read as this survey, ``None`` where its format is only read.

    Copies are written of SPSS and Stata files, of parquet files and of text files with one header row, in their
    encoding and with their delimiter; not of Excel sheets, or of files whose cells are not read as they stand.
    """
    known = followed(path, codebook)
    book, codings = known.book, codings_of(known.table, known.book)
    if path.suffix.lower() in LABELLED:
        return LabelledWriter(path, codings, survey, book.encoding)
    sheet = _sheet(path, book, known.table)
    if sheet is None:
        return None
    return (
        LongTableWriter(book, codings, sheet, survey)
        if book.layout == "long"
        else TableWriter(book, codings, sheet, survey)
    )


def _sheet(path: Path, book: TableCodebook, table: LabelledTable) -> Sheet | None:
    """The file cell by cell, ``None`` where its cells are not those of the table."""
    if path.name.lower().endswith(".parquet"):
        return ParquetSheet(path)
    if not path.name.lower().removesuffix(".gz").endswith(TEXT):
        return None
    try:
        sheet = CsvSheet(path, book.delimiter, book.encoding)
    except SurveyError:
        return None
    cells = {name: column.cells for name, column in table.columns.items()}
    same = list(sheet.frame) == list(cells) and all(sheet.frame[name].equals(cells[name]) for name in cells)
    return sheet if same else None


class TableWriter(SourceWriter):
    """Writer of a wide table: a row per respondent in the survey's order, a column per question."""

    def __init__(self, book: TableCodebook, codings: Codings, sheet: Sheet, survey: Survey) -> None:
        self.book, self.codings, self.sheet, self.survey = book, codings, sheet, survey

    def can_write(self, blanks: Pairs) -> BoolArray:
        """Whether each blank cell can be filled: not those of boxes that one column lists."""
        own = np.array([question.id in self.codings for question in self.survey.questions])
        return own[blanks.question]

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy; see :meth:`SourceWriter.write`."""
        cells: dict[tuple[int, str], Any] = {}
        for j, part in drawn.by_question():
            name = self.survey.questions[j].id
            written = self._written(j, part, self.sheet.frame[name], name)
            cells |= {(row, name): cell for row, cell in zip(part.respondent.tolist(), written, strict=True)}
        return self.sheet.write(target, cells)

    def _written(self, j: int, drawn: Answers, cells: pd.Series, column: str) -> list[Any]:
        question = self.survey.questions[j]
        coding = self.codings[question.id]
        codes = [] if isinstance(coding, NumberCoding) else [self.sheet.native(column, code) for code in coding.codes]
        return cells_of(question, drawn, cells, coding.encode(cells), codes)


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
        row = self.sheet.frame.iloc[like]
        return {name: None if pd.isna(row[name]) else row[name] for name in self.book.people()}
