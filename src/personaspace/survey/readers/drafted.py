"""Find the codebook that a table is read by: the one given, completed by what the draft guesses."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import SurveyError, escaped, shown, unknown
from personaspace.survey.readers.codebook import QuestionEntry, TableCodebook
from personaspace.survey.readers.codebook_file import read_codebook
from personaspace.survey.readers.draft.draft import Draft, draft
from personaspace.survey.readers.formats.parquet_file import open_frame
from personaspace.survey.readers.formats.registry import open_table
from personaspace.survey.readers.formats.spss_stata import SUFFIXES as LABELLED
from personaspace.survey.readers.formats.spss_stata import open_labelled
from personaspace.survey.readers.labelled_table import LabelledTable
from personaspace.survey.readers.reading import LeftOut
from personaspace.survey.readers.source import Codebook

LARGE, FIRST = 50_000_000, 1000
"""Bytes from which an SPSS or Stata file is drafted from its first rows, and how many."""


@dataclass(frozen=True, eq=False)
class Followed:
    """A table with the codebook that it is read by.

    Attributes:
        table: The columns.
        book: The codebook, in which all questions are named.
        drafted: Its content where some of it was drafted.
        guessed: The questions that were drafted; one that cannot be read is left out, and that is said.
        left_out: Columns that are not read, and why.
        doubtful: Guesses that a person should look at.
    """

    table: LabelledTable
    book: TableCodebook
    drafted: Mapping[str, Any] | None = None
    guessed: frozenset[str] = frozenset()
    left_out: tuple[LeftOut, ...] = ()
    doubtful: tuple[str, ...] = ()


def followed(path: Path, codebook: Codebook | None, respondent: str | None = None) -> Followed:
    """Open a table and find the codebook it is read by.

    What a codebook says holds. Where it has no ``questions``, or there is none, every column that it does not name is
    what the draft guesses it to be.

    Args:
        path: The table.
        codebook: As :func:`~personaspace.survey.readers.registry.read_survey` takes it.
        respondent: The column of ids, in place of what the codebook says.

    Raises:
        SurveyError: The codebook or the table is malformed, or nothing in it looks like a question.
        UnknownNameError: The codebook names a column that the table does not have.
    """
    given = _with_respondent(read_codebook(path, codebook), respondent)
    how = given or TableCodebook()
    return _followed(open_table(path, how.encoding, how.delimiter, how.sheet), given)


def followed_in(frame: pd.DataFrame, codebook: Codebook | None, respondent: str | None = None) -> Followed:
    """Take a pandas table and the codebook it is read by, as :func:`followed` takes a file."""
    table = open_frame(frame)
    given = None if codebook is None else read_codebook(table.path, codebook)
    return _followed(table, _with_respondent(given, respondent))


def _with_respondent(given: TableCodebook | None, respondent: str | None) -> TableCodebook | None:
    if respondent is None:
        return given
    return (given or TableCodebook()).model_copy(update={"respondent": respondent})


def _followed(table: LabelledTable, given: TableCodebook | None) -> Followed:
    if not len(table):
        raise SurveyError(f"{table.path} has columns but no rows: give at least one respondent")
    if given is not None:
        _check_names(table, given)
    if given is not None and (given.questions is not None or given.layout == "long"):
        given = _with_options(table, given)
        unread = [name for name in table.columns if name not in given.named()]
        left = tuple(LeftOut(name, "not in the codebook", "the codebook lists the questions") for name in unread)
        return Followed(table, given, left_out=left)
    return _completed(table, given or TableCodebook(), draft(table))


def _with_options(table: LabelledTable, given: TableCodebook) -> TableCodebook:
    """The codebook with drafted options for the questions whose cells neither it nor the file explains."""
    bare = [
        name
        for name, entry in given.asked().items()
        if name in table.columns
        and not table.columns[name].labels
        and (entry.options, entry.scale, entry.multiple) == (None, None, None)
    ]
    if not bare or given.layout == "long":
        return given
    asked = {name: replace(table.columns[name], role="question") for name in bare}
    guessed = draft(LabelledTable(table.path, asked)).content.get("questions", {})
    entries = {
        name: _filled(entry, guessed.get(name, {})) if name in bare else entry for name, entry in given.asked().items()
    }
    return given.model_copy(update={"questions": entries})


def _filled(entry: QuestionEntry, guessed: Mapping[str, Any]) -> QuestionEntry:
    """The codebook's entry of a question with what a draft says of its cells."""
    known = QuestionEntry.model_validate(guessed)
    return known.model_copy(update={name: getattr(entry, name) for name in entry.model_fields_set})


def draft_of(path: Path, encoding: str | None = None) -> Draft:
    """Draft the codebook of a file; of a large SPSS or Stata file from its first :data:`FIRST` rows.

    Raises:
        SurveyError: The file is malformed.
    """
    large = path.name.lower().endswith(LABELLED) and path.stat().st_size > LARGE
    table = open_labelled(path, encoding, FIRST) if large else open_table(path, encoding)
    return draft(table)


def _completed(table: LabelledTable, given: TableCodebook, guessed: Draft) -> Followed:
    """The codebook given, with guesses for the columns that it does not name."""
    own = [name for name in table.columns if name in given.named() or given.leaves_out(name)]
    content = {name: value for name, value in guessed.content.items() if name not in given.model_fields_set}
    asked = {key: entry for key, entry in guessed.content.get("questions", {}).items() if not _names(key, entry, own)}
    for name in ("respondent", "weight"):
        if content.get(name) in own:
            del content[name]
    if isinstance(content.get("traits"), Mapping):
        content["traits"] = {key: entry for key, entry in content["traits"].items() if key not in own}
    if not asked:
        raise SurveyError(
            f"{table.path}: none of its {len(table.columns)} columns looks like a question (its columns are "
            f"{_shown(list(table.columns))}): say which are, with their options, in a codebook; "
            f"`personaspace codebook {table.path}` drafts one"
        )
    whole = {**content, **given.model_dump(exclude_unset=True), "questions": asked}
    whole["leave_out"] = [*given.leave_out, *(n for n in guessed.content.get("leave_out", []) if n not in own)]
    book = TableCodebook.model_validate(whole)
    used = book.named()
    why = {guess.column: guess for guess in guessed.guesses}
    left = [
        LeftOut(name, why[name].role if name in why else "by the codebook", why[name].why if name in why else "")
        if name not in own
        else LeftOut(name, "by the codebook", "the codebook leaves it out")
        for name in table.columns
        if name not in used
    ]
    doubtful = tuple(
        f"{escaped(guess.column, most=40)}: {guess.role} ({guess.why})"
        for guess in guessed.guesses
        if not guess.sure and guess.column not in own
    )
    return Followed(table, book, whole, frozenset(asked), tuple(left), doubtful)


def _names(key: str, entry: Mapping[str, Any] | None, own: Sequence[str]) -> bool:
    multiple = (entry or {}).get("multiple") or {}
    columns = [*multiple.get("columns", {}), *([multiple["column"]] if "column" in multiple else [])] or [key]
    return any(column in own for column in columns)


def _check_names(table: LabelledTable, book: TableCodebook) -> None:
    """Raise where the codebook names a column that the table lacks."""
    lacking = [name for name in book.named() if name not in table.columns]
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        other = "wide" if book.layout == "long" else "long"
        near = difflib.get_close_matches(lacking[0], table.columns, n=1)
        hint = f"did you mean {shown(near[0])}? Its" if near else "its"
        raise SurveyError(
            f"{table.path} lacks the column {shown(lacking[0])}{more} named in the codebook: {hint} columns are "
            f"{_shown(list(table.columns))}; correct the name, or the codebook's layout if the table is {other}"
        )
    for pattern in book.leave_out:
        if not any(fnmatchcase(name, pattern) for name in table.columns):
            raise unknown("column to leave out", pattern, table.columns)


def _shown(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(escaped(str(name), most=30) for name in names[:most]) + (" …" if len(names) > most else "")
