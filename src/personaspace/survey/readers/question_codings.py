"""How the columns of every question of a table are read under its codebook."""

from __future__ import annotations

from collections.abc import Mapping

from personaspace.survey.readers.checkboxes import read_boxes
from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.coding import Coding, NumberCoding, plain
from personaspace.survey.readers.labelled_table import Column, LabelledTable
from personaspace.survey.readers.variable import Variable

Codings = Mapping[str, Coding | NumberCoding]


def codings_of(table: LabelledTable, book: TableCodebook) -> Codings:
    """How the cells of each question are read, by question id; boxes listed in one column are not among them."""
    found: dict[str, Coding | NumberCoding] = {}
    for key, entry in book.asked().items():
        if entry.multiple is not None:
            found |= read_boxes(key, entry, entry.multiple, book, table.columns).codings
        else:
            found[key] = Variable.of(_column(table, key, book), entry, book, key).coding()
    return found


def _column(table: LabelledTable, key: str, book: TableCodebook) -> Column:
    """The column of a question; in a long table the answers to it."""
    if book.layout == "wide":
        return table.columns[key]
    asked = table.columns[book.question_column].cells.map(plain, na_action="ignore") == key
    return Column(key, table.columns[book.answer_column].cells[asked])
