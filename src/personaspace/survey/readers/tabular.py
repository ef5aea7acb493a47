"""Read files with a row per respondent or per answer, by a codebook that is given or drafted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, escaped, shown, unknown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question, option_type
from personaspace.survey.readers.checkboxes import read_boxes
from personaspace.survey.readers.codebook import TableCodebook, columns_of
from personaspace.survey.readers.coding import REFUSED, answers_and_refusals, plain
from personaspace.survey.readers.columns import mean_one, respondent_ids
from personaspace.survey.readers.drafted import Followed, followed, followed_in
from personaspace.survey.readers.formats.registry import SUFFIXES
from personaspace.survey.readers.labelled_table import LabelledTable
from personaspace.survey.readers.question_codings import codings_of
from personaspace.survey.readers.reading import LeftOut, Reading, some
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.readers.table_writer import table_writer
from personaspace.survey.readers.variable import Variable
from personaspace.survey.survey import Survey


def recognizes(path: Path) -> bool:
    """Whether the path is a file with a table's suffix."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def read_tabular(
    path: str | Path, codebook: Codebook | None = None, name: str | None = None, respondent: str | None = None
) -> Reading:
    """Read a table: CSV, Excel, parquet, SPSS, Stata, or the export of a survey platform.

    Args:
        path: The file.
        codebook: A YAML or JSON file or its content; found beside the table if not given. What it does not say is
            drafted by rules (:mod:`personaspace.survey.readers.draft`).
        name: How the survey is to be called; the file's name if not given.
        respondent: The column of ids, in place of what the codebook says.

    Returns:
        The survey, respondents in the table's order and questions in the codebook's, with the account of its reading.

    Raises:
        SurveyError: The codebook is malformed, or the table does not fit it.
        UnknownNameError: The codebook names a column that the table does not have.
    """
    path = Path(path)
    known = followed(path, codebook, respondent)
    return survey_of(known, name or path.name.split(".")[0])


def read_frame(
    frame: pd.DataFrame, codebook: Codebook | None = None, name: str | None = None, respondent: str | None = None
) -> Reading:
    """Read a pandas table as :func:`read_tabular` reads a file; it is called ``survey`` unless named."""
    return survey_of(followed_in(frame, codebook, respondent), name or "survey")


def survey_of(known: Followed, name: str) -> Reading:
    """The survey in a table, by the codebook that is followed."""
    table, book = known.table, known.book
    columns, ids = table.columns, _ids(table, book)
    if book.layout == "long":
        answered, first = _long(table, ids, book), ~ids.duplicated()
        _check_same(table, ids, book)
    else:
        answered, first = _wide(table, book, known.guessed), np.ones(len(ids), np.bool_)
    people = ids[first]
    traits = {key: Variable.of(columns[key], entry, book) for key, entry in book.traits.items()}
    weight = None if book.weight is None else mean_one(columns[book.weight].cells[first], people)
    survey = Survey(
        respondents=tuple(people),
        questions=answered.questions,
        answers=answered.answers,
        traits=pd.DataFrame({key: trait.trait()[first].set_axis(people) for key, trait in traits.items()}, people),
        weights=weight,
        refusals=answered.refusals,
        name=name,
        trait_labels={key: trait.text for key, trait in traits.items() if trait.text != key},
    )
    return Reading(
        survey,
        rows=len(table),
        respondent=book.respondent,
        weight=book.weight,
        left_out=(*known.left_out, *answered.left_out),
        codebook=known.drafted,
        doubtful=known.doubtful,
        notes=(*table.notes, *answered.notes),
    )


@dataclass(frozen=True, eq=False)
class Answered:
    """The questions of a table and the answers to them.

    Attributes:
        questions: In the codebook's order.
        answers: By row, then question.
        refusals: The same.
        notes: What a user should know, a sentence each.
        left_out: Columns that were guessed to be questions and cannot be read as such.
    """

    questions: tuple[Question, ...]
    answers: Answers
    refusals: Pairs
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def _ids(table: LabelledTable, book: TableCodebook) -> pd.Index:
    if book.respondent is not None:
        return respondent_ids(table.path, table.columns[book.respondent].cells)
    if book.layout == "long":
        raise SurveyError(f"{table.path}: a long table needs `respondent`, the column of ids, in its codebook")
    return pd.Index([str(row) for row in range(1, len(table) + 1)], dtype=object)


def _wide(table: LabelledTable, book: TableCodebook, guessed: Collection[str]) -> Answered:
    questions: list[Question] = []
    coded: list[IntArray] = []
    numbers: dict[int, FloatArray] = {}
    notes: list[str] = []
    dubious: list[str] = []
    left: list[LeftOut] = []
    for key, entry in book.asked().items():
        try:
            if entry.multiple is not None:
                boxes = read_boxes(key, entry, entry.multiple, book, table.columns)
                questions += boxes.questions
                coded += list(boxes.coded.T)
                continue
            variable = Variable.of(table.columns[key], entry, book)
            coding = variable.coding()
            coded.append(coding.encode(variable.column.cells))
        except SurveyError as error:
            if key not in guessed:
                raise
            left += [LeftOut(column, "not understood", str(error)) for column in columns_of(key, entry)]
            continue
        if entry.scale is not None:
            numbers[len(questions)] = coding.numbers(variable.column.cells)
        else:
            notes += _strange_codes(variable)
            dubious += [f"{key} ({escaped(label, most=40)})" for label in variable.dubious()]
        questions.append(coding.question)
    if left:
        names = some([out.column for out in left], longest=40)
        notes.append(f"left out as not understood: {names}; describe them in a codebook ({left[0].why})")
    if not questions:
        raise SurveyError(f"{table.path} holds no question that can be read: {left[0].why}")
    if dubious:
        notes.append(
            f"kept as options though they may be no answers: {some(dubious, longest=80)}; name them in "
            "`missing` or `refusals` of the codebook if they are none"
        )
    matrix = np.stack([column.astype(option_type(questions)) for column in coded], axis=1)
    given = None
    if numbers:
        given = np.full(matrix.shape, np.nan)
        given[:, list(numbers)] = np.stack(list(numbers.values()), axis=1)
    return Answered(tuple(questions), *answers_and_refusals(matrix, given), tuple(notes), tuple(left))


def _strange_codes(variable: Variable) -> list[str]:
    return [
        f"{variable.name}: {rows} row(s) hold {escaped(code, most=30)}, a code without a label outside the labelled "
        "ones, and are read as no answer: name it in `missing`, `refusals` or `options` of the codebook"
        for code, rows in variable.outside().items()
    ]


def _long(table: LabelledTable, ids: pd.Index, book: TableCodebook) -> Answered:
    """Answers and refusals of a table with a row per answer, in its order."""
    if any(entry.multiple for entry in book.asked().values()):
        raise SurveyError(f"{table.path}: `multiple` needs a wide table: give each box as a question of its own")
    codings = codings_of(table, book)
    if not codings:
        raise SurveyError(f"{table.path}: the codebook of a long table lists its `questions`: add them")
    rows = pd.factorize(ids)[0]
    asked = table.columns[book.question_column].cells.map(plain, na_action="ignore")
    columns = pd.Index(list(codings)).get_indexer(pd.Index(asked))
    if (columns < 0).any():
        strange = str(asked[columns < 0].iloc[0])
        raise SurveyError(f"{(columns < 0).sum()} row(s): {unknown('question', strange, codings)}")
    coded, numbers = np.empty(len(table), dtype=np.int64), np.full(len(table), np.nan)
    for column, coding in enumerate(codings.values()):
        here = columns == column
        coded[here] = coding.encode(cells := table.columns[book.answer_column].cells[here])
        numbers[here] = coding.numbers(cells)
    given, refused = coded >= 0, coded == REFUSED
    answers = Answers(rows[given], columns[given], coded[given], numbers[given])
    refusals = Pairs(rows[refused], columns[refused])
    return Answered(tuple(coding.question for coding in codings.values()), answers, refusals)


def _check_same(table: LabelledTable, ids: pd.Index, book: TableCodebook) -> None:
    """Traits and weight must be the same in all rows of a respondent."""
    for column in [*book.traits, *([book.weight] if book.weight else [])]:
        values = table.columns[column].cells.groupby(np.asarray(ids)).nunique(dropna=False)
        if (values > 1).any():
            raise SurveyError(
                f"respondent {shown(values.index[values > 1][0])} has {values.max()} different values of {column!r}: "
                "in a long table, traits and weights repeat on every row of a respondent"
            )


SOURCE = Source("table", f"a table ({', '.join(SUFFIXES)})", recognizes, read_tabular, table_writer)
