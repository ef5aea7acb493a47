"""Checkboxes: the boxes of a "tick all that apply", each a question with the options "Not selected" and "Selected"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.codebook import Multiple, QuestionEntry, TableCodebook
from personaspace.survey.readers.coding import MISSING, Coding, plain
from personaspace.survey.readers.labelled_table import Column
from personaspace.survey.readers.variable import Variable

NOT_SELECTED, SELECTED = 0, 1
OPTIONS = (Option("Not selected", 0.0), Option("Selected", 1.0))

TICKED = frozenset(["1", "yes", "true", "selected", "checked", "ticked", "chosen", "mentioned", "x", "y", "on"])
NOT_TICKED = frozenset(
    ["0", "no", "false", "not selected", "unselected", "unchecked", "not checked", "not ticked", "not chosen",
     "not mentioned", "n", "off"]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Boxes:
    """The questions that one "tick all that apply" becomes, with the coded answers.

    Attributes:
        codings: The coding of each box's column, by question id; empty where one column lists the boxes ticked.
        questions: The boxes.
        coded: Option index, ``REFUSED`` or ``MISSING``, shape ``[rows, boxes]``.
    """

    codings: Mapping[str, Coding]
    questions: tuple[Question, ...]
    coded: IntArray


def read_boxes(
    key: str, entry: QuestionEntry, multiple: Multiple, book: TableCodebook, columns: Mapping[str, Column]
) -> Boxes:
    """Read the boxes of a "tick all that apply".

    Args:
        key: The id of the question in the codebook.
        entry: The codebook's entry.
        multiple: The boxes of the entry.
        book: The codebook.
        columns: Those of the table.

    Raises:
        SurveyError: A cell is neither ticked nor not ticked, or lists a box that the codebook does not.
    """
    if entry.options or entry.scale or entry.positions is not None or entry.blank is not None:
        raise SurveyError(f"question {shown(key)} has `multiple` and also options, a scale or `blank`: keep `multiple`")
    if multiple.column is not None:
        return _one_column(key, entry, multiple, book, columns[multiple.column])
    coded, codings = [], {}
    for name, given in multiple.columns.items():
        item = given or _item(columns[name], entry, key)
        coding = _coding(columns[name], _question(name, key, entry, item, columns[name]), item, entry, multiple, book)
        codings[name] = coding
        coded.append(coding.encode(columns[name].cells))
    matrix = np.stack(coded, axis=1)
    anything = (matrix == SELECTED).any(axis=1) | (multiple.blank == "not selected")
    empty = np.stack([_empty(columns[name].cells) for name in multiple.columns], axis=1)
    matrix[empty & anything[:, None]] = NOT_SELECTED
    return Boxes(codings, tuple(coding.question for coding in codings.values()), matrix)


def _empty(cells: pd.Series) -> BoolArray:
    return np.asarray(cells.isna() | (cells.astype("str").str.strip() == ""), np.bool_)


def _coding(
    column: Column, question: Question, item: str, entry: QuestionEntry, multiple: Multiple, book: TableCodebook
) -> Coding:
    variable = Variable.of(column, entry, book)
    meaning: dict[str, int] = {code.casefold(): kind for code, kind in variable.away.items()}
    own = {plain(item).casefold()} | {plain(column.text or "").casefold()}
    listed_as = ({plain(c).casefold() for c in multiple.selected}, {plain(c).casefold() for c in multiple.not_selected})
    strange = []
    for code in {**column.labels, **dict.fromkeys(variable.codes)}:
        label = plain(column.labels.get(code, code)).casefold()
        names = {code.casefold(), label}
        if names & listed_as[0] or names & listed_as[1]:
            meaning[code.casefold()] = SELECTED if names & listed_as[0] else NOT_SELECTED
        elif code.casefold() in meaning:
            continue
        elif label in TICKED or label in own:
            meaning[code.casefold()] = SELECTED
        elif label in NOT_TICKED:
            meaning[code.casefold()] = NOT_SELECTED
        elif len(column.labels) == 1 and code in column.labels:  # a box whose one label is its own text
            meaning[code.casefold()] = SELECTED
        elif code in variable.codes:
            strange.append(code)
    if strange:
        raise SurveyError(
            f"question {shown(question.id)} is a box to tick and holds {listed(strange)}, which is neither ticked nor "
            "not: say which it is with `selected` or `not_selected` in its `multiple`, or name it as missing"
        )
    return Coding(question, meaning)


def _question(name: str, key: str, entry: QuestionEntry, item: str, column: Column) -> Question:
    stem = entry.text or ("" if column.text is None else key)
    return Question(name, f"{' '.join(stem.split())} {item}".strip(), OPTIONS, entry.topic, stem=stem or None)


def _item(column: Column, entry: QuestionEntry, key: str) -> str:
    """What a box stands for: the file's label without the stem that all boxes share."""
    text = " ".join((column.text or column.name).split())
    stem = " ".join((entry.text or key).split())
    return text.removeprefix(stem).lstrip(" -:.") or text


def _one_column(key: str, entry: QuestionEntry, multiple: Multiple, book: TableCodebook, column: Column) -> Boxes:
    cells = column.cells.map(plain, na_action="ignore").astype("str").fillna("")
    away = {code.casefold(): kind for code, kind in Variable.of(column, entry, book).away.items()}
    every = list(dict.fromkeys(cells))
    items = multiple.options or list(
        dict.fromkeys(part for cell in every if cell.casefold() not in away for part in _parts(cell, multiple))
    )
    if not items:
        raise SurveyError(
            f"question {shown(key)}: column {shown(column.name)} lists no box: give `options`, or leave it out"
        )
    rows: dict[str, list[int]] = {}
    for cell in every:
        if not cell:
            rows[cell] = [NOT_SELECTED if multiple.blank == "not selected" else MISSING] * len(items)
        elif cell.casefold() in away:
            rows[cell] = [away[cell.casefold()]] * len(items)
        else:
            ticked = _ticked(key, cell, items, multiple)
            rows[cell] = [SELECTED if item in ticked else NOT_SELECTED for item in items]
    questions = tuple(
        Question(f"{key}: {item}", f"{entry.text or column.text or key} {item}", OPTIONS, entry.topic,
                 stem=entry.text or column.text or key)
        for item in items
    )  # fmt: skip
    return Boxes({}, questions, np.array([rows[cell] for cell in cells], dtype=np.int64))


def _parts(cell: str, multiple: Multiple) -> list[str]:
    return [part.strip() for part in cell.split(multiple.separator) if part.strip()]


def _ticked(key: str, cell: str, items: Sequence[str], multiple: Multiple) -> set[str]:
    """The boxes that a cell lists; a box may itself contain the separator."""
    found, rest = set(), cell
    while rest := rest.strip().removeprefix(multiple.separator.strip()).strip():
        fits = [item for item in items if _begins(rest, plain(item), multiple.separator)]
        if not fits:
            raise SurveyError(
                f"question {shown(key)}: {shown(cell)} lists {shown(rest)}, which is none of its boxes "
                f"({listed(items)}): correct the data, or complete `options`"
            )
        longest = max(fits, key=len)
        found.add(longest)
        rest = rest[len(plain(longest)) :]
    return found


def _begins(text: str, item: str, separator: str) -> bool:
    after = text[len(item) :].strip()
    return text.casefold().startswith(item.casefold()) and (not after or after.startswith(separator.strip()))
