"""Survey answers as pandas tables: respondents by questions, one respondent's answers, a row per question."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import infer_dtype

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.lookup import NOWHERE
from personaspace.survey.option_sums import option_shares
from personaspace.survey.question import Option, Question, offsets_of, option_type, repeated, scaled_positions
from personaspace.survey.scale import Scale


def wide_table(respondents: Sequence[str], questions: Sequence[Question], answers: Answers) -> pd.DataFrame:
    """A row per respondent and a column per question, as :meth:`Survey.to_frame` returns it."""
    options = np.full((len(respondents), len(questions)), NOWHERE, option_type(questions), order="F")
    options[answers.respondent, answers.question] = answers.option
    columns: dict[str, pd.Categorical | FloatArray] = {}
    for j, question in enumerate(questions):
        if question.scale is None:
            columns[question.id] = _categorical(question, options[:, j])
        else:
            here = answers.where(answers.question == j)
            columns[question.id] = numbers = np.full(len(respondents), np.nan)
            numbers[here.respondent] = here.value
    return pd.DataFrame(columns, index=pd.Index(list(respondents), dtype="str", name="respondent"))


def one_respondent(respondent: str, questions: Sequence[Question], answers: Answers) -> pd.Series:
    """One respondent's answers: from question id to the option's text, or to the number given.

    Args:
        respondent: The respondent's id.
        questions: Those of the survey.
        answers: The respondent's.
    """
    asked = [questions[j] for j in answers.question]
    given = [
        question.options[option].text if question.scale is None else number
        for question, option, number in zip(asked, answers.option, answers.value.tolist(), strict=True)
    ]
    index = pd.Index([question.id for question in asked], dtype="str", name="question")
    return pd.Series(given, index, dtype=object, name=respondent)


def question_table(
    questions: Sequence[Question], answers: Answers, refusals: Pairs, weights: FloatArray
) -> pd.DataFrame:
    """A row per question, as :meth:`Survey.describe` returns it; weights have shape ``[respondents]``."""
    offsets, size = offsets_of(questions), len(questions)
    nodes = offsets[answers.question] + answers.option
    counts = np.bincount(nodes, weights[answers.respondent], minlength=int(offsets[-1]))
    shares = np.split(option_shares(counts, offsets), offsets[1:-1]) if size else []
    first = [None if np.isnan(share).any() else int(share.argmax()) for share in shares]
    return pd.DataFrame(
        {
            "question": pd.Series([question.id for question in questions], dtype="str"),
            "text": pd.Series([question.text for question in questions], dtype="str"),
            "topic": pd.Series([question.topic for question in questions], dtype="str"),
            "kind": pd.Series([_kind(question) for question in questions], dtype="str"),
            "options": np.diff(offsets),
            "answers": np.bincount(answers.question, minlength=size),
            "refusals": np.bincount(refusals.question, minlength=size),
            "most_common": pd.Series(
                [
                    None if at is None else question.options[at].text
                    for question, at in zip(questions, first, strict=True)
                ],
                dtype="str",
            ),
            "share": np.array([np.nan if at is None else share[at] for share, at in zip(shares, first, strict=True)]),
        }
    )


def checked_columns(frame: pd.DataFrame, needed: Sequence[str]) -> pd.DataFrame:
    """The table with its columns named by strings, and without blanks around ids, which would make other people.

    Raises:
        SurveyError: A column is lacking or there twice, or a row has no id.
    """
    frame = frame.rename(columns=str)
    if twice := repeated(frame.columns):
        raise SurveyError(f"the table has the column {shown(twice[0])} twice: rename one of them")
    if lacking := [name for name in needed if name not in frame]:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise SurveyError(
            f"the table lacks the column {shown(lacking[0])}{more}; its columns are {listed(frame.columns)}"
        )
    if frame.index.isna().any():
        raise SurveyError(
            "the table's index holds the respondents' ids, and a row has none: fill it in or drop the row"
        )
    return frame.rename(index=lambda name: name.strip() if isinstance(name, str) else name)


def question_of(name: str, column: pd.Series, refusals: Collection[str] = ()) -> Question:
    """A question made from a column of answers.

    Args:
        name: Its id and text.
        column: A Categorical, whose categories are the options (on a scale where it is ordered), or texts, whose
            distinct values are the options, without a scale.
        refusals: Texts that are no options.

    Raises:
        SurveyError: The column holds something else, or fewer than two options.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        found, ordered = list(column.cat.categories), bool(column.cat.ordered)
    elif infer_dtype(column, skipna=True) in ("string", "empty"):
        found, ordered = list(column.dropna().unique()), False
    else:
        raise SurveyError(
            f"the column {shown(name)} holds {column.dtype} values, which do not say what was asked: give its Question "
            "(Question.number for a number on a scale), make it a Categorical, or name it as a trait or the weight"
        )
    texts = [str(text) for text in found if str(text) not in refusals]
    places = scaled_positions(range(len(texts))) if ordered else (None,) * len(texts)
    return Question(name, name, tuple(Option(text, place) for text, place in zip(texts, places, strict=True)))


def answers_in(
    frame: pd.DataFrame, questions: Sequence[Question], refusals: Collection[str] = ()
) -> tuple[Answers, Pairs]:
    """The answers and refusals in a table with a row per respondent and a column per question.

    Args:
        frame: With a column for each question.
        questions: The questions of these columns.
        refusals: Texts that mean the respondent refused, unless they are an option.

    Returns:
        Both by respondent, then question.

    Raises:
        SurveyError: A cell is none of its question's options, or not a number on its scale.
    """
    option = np.full((len(frame), len(questions)), NOWHERE, np.int64)
    number, refused = np.full(option.shape, np.nan), np.zeros(option.shape, np.bool_)
    for j, question in enumerate(questions):
        column = frame[question.id]
        texts = column.map(str, na_action="ignore").astype(object)
        if question.scale is None:
            option[:, j] = pd.Index([o.text for o in question.options], dtype=object).get_indexer(pd.Index(texts))
        else:
            option[:, j], number[:, j] = _on_scale(question.scale, column)
        empty = (option[:, j] == NOWHERE) & column.notna().to_numpy(np.bool_)
        refused[:, j] = empty & texts.isin(list(refusals)).to_numpy(np.bool_)
        _check_cells(question, texts, empty & ~refused[:, j])
    rows, columns = np.nonzero(option != NOWHERE)
    return Answers(rows, columns, option[rows, columns], number[rows, columns]), Pairs(*np.nonzero(refused))


def _categorical(question: Question, options: npt.NDArray[np.signedinteger]) -> pd.Categorical:
    """Options as a Categorical: in the order of their positions where each has one of its own."""
    places = question.positions
    ordered = len(np.unique(places[~np.isnan(places)])) == len(places)
    order = np.argsort(places) if ordered else np.arange(len(places))
    code: IntArray = np.append(np.argsort(order), NOWHERE)[options]
    texts = pd.Index([question.options[at].text for at in order], dtype="str")
    return pd.Categorical.from_codes(code, texts, ordered=ordered)


def _kind(question: Question) -> str:
    if question.scale is not None:
        return "number"
    return "ordinal" if question.ordinal else "nominal"


def _on_scale(scale: Scale, cells: pd.Series) -> tuple[IntArray, FloatArray]:
    """The nearest point and the number in every cell, -1 and NaN where it holds no number on the scale."""
    numbers = pd.to_numeric(cells.astype(object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    numbers = np.where((numbers >= scale.low) & (numbers <= scale.high), numbers, np.nan)
    points = scale.nearest(np.nan_to_num(numbers, nan=scale.low))
    return np.where(np.isnan(numbers), NOWHERE, points), numbers


def _check_cells(question: Question, texts: pd.Series, strange: BoolArray) -> None:
    if strange.any():
        allowed = f"none of its options ({listed(option.text for option in question.options)})"
        raise SurveyError(
            f"question {shown(question.id)}: {int(strange.sum())} row(s) hold {shown(texts[strange].iloc[0])}, which "
            f"is {allowed if question.scale is None else f'not a number from {question.scale}'}"
        )
