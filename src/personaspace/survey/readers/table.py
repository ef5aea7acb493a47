"""Read tables of answers (CSV or parquet, wide or long) with a codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, escaped, shown, unknown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.parquet import read_parquet, to_frame
from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.codebook_file import read_codebook
from personaspace.survey.readers.coding import REFUSED, Coding, NumberCoding, answers_and_refusals, plain
from personaspace.survey.readers.columns import mean_one, respondent_ids
from personaspace.survey.readers.csv_file import read_csv
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.readers.table_writer import table_writer
from personaspace.survey.survey import Survey

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def recognizes(path: Path) -> bool:
    """Whether the path is a file with a table's suffix."""
    return path.is_file() and path.name.endswith(SUFFIXES)


def read_table(path: str | Path, codebook: Codebook | None = None, name: str | None = None) -> Survey:
    """Read a table of answers.

    Args:
        path: A .csv, .csv.gz or .parquet file.
        codebook: A YAML or JSON file or its content; found beside the table if not given.
        name: How the survey is to be called; the file's name if not given.

    Returns:
        Respondents in the table's order, questions in the codebook's.

    Raises:
        SurveyError: The codebook is missing or malformed, or the table does not fit it.
    """
    path = Path(path)
    book = read_codebook(path, codebook, TableCodebook)
    codings = book.codings()
    frame = _frame(path, book)
    if frame.empty:
        raise SurveyError(f"{path} has columns but no rows: give at least one respondent")
    ids = respondent_ids(path, frame[book.respondent])
    people = frame.set_axis(ids, axis=0)
    if book.layout == "long":
        answers, refusals = _long(frame, ids, book, codings)
        people = _one_row_each(people, book)
    else:
        answers, refusals = _wide(frame, codings)
    return Survey(
        respondents=tuple(people.index),
        questions=tuple(coding.question for coding in codings.values()),
        answers=answers,
        traits=_traits(people, book),
        weights=None if book.weight is None else mean_one(people[book.weight], people.index),
        refusals=refusals,
        name=name or path.name.split(".")[0],
    )


def _frame(path: Path, book: TableCodebook) -> pd.DataFrame:
    """The columns that the codebook names."""
    if path.suffix != ".parquet":
        frame = read_csv(path, book.delimiter)
        return frame[_named(path, frame.columns, book)]
    table = read_parquet(path)
    return to_frame(path, table.select(_named(path, table.column_names, book)))


def _named(path: Path, columns: Sequence[str] | pd.Index, book: TableCodebook) -> list[str]:
    """The columns that the codebook names; :class:`SurveyError` where the table lacks one."""
    long = [book.question_column, book.answer_column]
    named = [book.respondent, *book.traits, *(long if book.layout == "long" else book.questions)]
    needed = list(dict.fromkeys([*named, *([] if book.weight is None else [book.weight])]))
    if lacking := [column for column in needed if column not in columns]:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        other = "wide" if book.layout == "long" else "long"
        raise SurveyError(
            f"{path} lacks the column {shown(lacking[0])}{more} named in the codebook; its columns are "
            f"{_shown(columns)}: correct the name, or the codebook's layout if the table is {other}"
        )
    return needed


def _traits(people: pd.DataFrame, book: TableCodebook) -> pd.DataFrame:
    unknown_cells = {"", *(plain(cell) for cell in [*book.refusals, *book.missing])}
    traits = {name: people[name].map(plain, na_action="ignore").astype("str") for name in book.traits}
    return pd.DataFrame({name: c.mask(c.isin(unknown_cells)) for name, c in traits.items()}, people.index)


def _wide(frame: pd.DataFrame, codings: Mapping[str, Coding | NumberCoding]) -> tuple[Answers, Pairs]:
    """Answers and refusals of a table with a row per respondent, row by row."""
    coded = np.stack([coding.encode(frame[name]) for name, coding in codings.items()], axis=1)
    if not any(coding.question.scale for coding in codings.values()):
        return answers_and_refusals(coded)
    numbers = np.stack([coding.numbers(frame[name]) for name, coding in codings.items()], axis=1)
    return answers_and_refusals(coded, numbers)


def _long(
    frame: pd.DataFrame, ids: pd.Index, book: TableCodebook, codings: Mapping[str, Coding | NumberCoding]
) -> tuple[Answers, Pairs]:
    """Answers and refusals of a table with a row per answer, in its order."""
    rows = pd.factorize(ids)[0]
    asked = frame[book.question_column].map(plain, na_action="ignore")
    columns = pd.Index(list(codings)).get_indexer(pd.Index(asked))
    if (columns < 0).any():
        strange = str(asked[columns < 0].iloc[0])
        raise SurveyError(f"{(columns < 0).sum()} row(s): {unknown('question', strange, codings)}")
    coded, numbers = np.empty(len(frame), dtype=np.int64), np.full(len(frame), np.nan)
    for column, coding in enumerate(codings.values()):
        here = columns == column
        coded[here] = coding.encode(cells := frame[book.answer_column][here])
        numbers[here] = coding.numbers(cells)
    given, refused = coded >= 0, coded == REFUSED
    answers = Answers(rows[given], columns[given], coded[given], numbers[given])
    return answers, Pairs(rows[refused], columns[refused])


def _one_row_each(people: pd.DataFrame, book: TableCodebook) -> pd.DataFrame:
    """The first row of each respondent; traits and weight must be the same in all of them."""
    for column in [*book.traits, *([book.weight] if book.weight else [])]:
        values = people.groupby(level=0)[column].nunique(dropna=False)
        if (values > 1).any():
            raise SurveyError(
                f"respondent {shown(values.index[values > 1][0])} has {values.max()} different values of {column!r}: "
                "in a long table, traits and weights repeat on every row of a respondent"
            )
    return people[~people.index.duplicated()]


def _shown(names: Sequence[str] | pd.Index, most: int = 12) -> str:
    return ", ".join(escaped(str(name), most=30) for name in names[:most]) + (" …" if len(names) > most else "")


SOURCE = Source("table", f"a table ({', '.join(SUFFIXES)}) with a codebook", recognizes, read_table, table_writer)
