"""Read what is known about a new question from files and lines: a pilot's answers, and shares of groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, UnknownNameError, listed, shown, unknown
from personaspace.files import user_path
from personaspace.newquestions.new_question import NewQuestion
from personaspace.survey.question import Question
from personaspace.survey.readers.csv_file import read_csv
from personaspace.survey.spreadsheet import from_text
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class PilotFile:
    """The answers of a pilot so far.

    Attributes:
        answers: By respondent the text of the option chosen.
        blank: Respondents without an answer.
    """

    answers: dict[str, str]
    blank: tuple[str, ...] = ()


def read_pilot(path: str | Path, question: Question) -> PilotFile:
    """Read the answers of a pilot from a CSV file with the columns ``respondent`` and ``answer``.

    Args:
        path: The file. An empty answer means that there is none yet; other columns are not read.
        question: The question that was asked.

    Raises:
        SurveyError: It is no such file, or names a respondent twice.
        UnknownNameError: An answer is none of the question's options.
    """
    table = read_table(path, ("respondent", "answer"))
    return _pilot(zip(table["respondent"], table["answer"], strict=True), question, f"{path}: ", "row")


def pilot_of_lines(text: str, question: Question) -> PilotFile:
    r"""Read the answers of a pilot from lines such as somebody pastes: a respondent, a comma or a tab, the answer.

    Args:
        text: Commas in an answer may stand as they are; empty lines and a first line ``respondent,answer`` are skipped.
        question: The question that was asked.

    Raises:
        SurveyError: A line has no respondent, or names one again.
        UnknownNameError: An answer is none of the question's options.

    Example:
        >>> from personaspace.survey.question import Option
        >>> tea = Question("tea", "Tea?", (Option("Yes, please"), Option("No")))
        >>> pilot_of_lines("r1,Yes, please\nr2\tNo\nr3,", tea)
        PilotFile(answers={'r1': 'Yes, please', 'r2': 'No'}, blank=('r3',))
    """
    lines = [re.split(r"[,;\t]", line, maxsplit=1) for line in text.splitlines()]
    cells = [(_unquoted(line[0]), _unquoted(line[-1]) if len(line) > 1 else "") for line in lines]
    if cells and (cells[0][0].casefold(), cells[0][1].casefold()) == ("respondent", "answer"):
        cells[0] = ("", "")
    return _pilot(cells, question, "", "line")


def told_pilot(asked: NewQuestion, file: PilotFile, unseen: Survey) -> NewQuestion:
    """The question with a pilot's answers, of respondents whom the embedder learned from or not.

    Args:
        asked: The question.
        file: The pilot, perhaps without any answer yet.
        unseen: Respondents whom the embedder was not fitted on, with their answers.

    Raises:
        UnknownNameError: There is no such respondent.
        SurveyError: The question was asked already.
    """
    if not file.answers:
        return asked
    return asked.pilot(file.answers, unseen if set(file.answers) & set(unseen.respondents) else None)


def read_crosstab(path: str | Path) -> pd.DataFrame:
    """Read published shares of groups from a CSV file with the columns ``trait``, ``group`` and one for each option.

    Args:
        path: The file. Its numbers are counts of people, or shares that sum to 1 or to 100 in each row.

    Returns:
        A row per group, indexed by trait and group; a column per option, as :meth:`NewQuestion.crosstab` takes it.

    Raises:
        SurveyError: It is no such file, names a group twice, or a cell is not a number.
    """
    table = read_table(path, ("trait", "group"))
    options = [column for column in table.columns if column not in ("trait", "group")]
    if not options or table.empty:
        raise SurveyError(f"{path} has no {'row' if options else 'column of an option'}: give the shares of a group")
    repeated = table.duplicated(["trait", "group"])
    if repeated.any():
        row = int(np.flatnonzero(repeated)[0])
        raise SurveyError(f"{path}: row {row + 1} names {_group(table, row)} again: keep one")
    numbers: pd.DataFrame = table[options].apply(pd.to_numeric, errors="coerce")
    if (bad := np.argwhere(~np.isfinite(numbers.to_numpy(np.float64)))).size:
        row, column = bad[0].tolist()
        cell = f"{shown(table[options].iat[row, column])} to {shown(options[column])}"
        raise SurveyError(f"{path}: row {row + 1}, {_group(table, row)}, gives {cell}: write numbers")
    return numbers.set_index(pd.MultiIndex.from_frame(table[["trait", "group"]]))


def read_table(path: str | Path, needed: Sequence[str]) -> pd.DataFrame:
    """Read a CSV file as texts without white space around them; an empty cell is an empty text.

    Args:
        path: The file, plain or gzipped.
        needed: Columns that it must have.

    Raises:
        SurveyError: There is no such file, it is no table, or a column is missing.
    """
    path = user_path(path)
    if not path.is_file():
        raise SurveyError(f"{path} is no file{'' if path.exists() else ' that is there'}: give a CSV file")
    table = read_csv(path).fillna("").rename(columns=lambda name: from_text(str(name).strip()))
    if lacking := [name for name in needed if name not in table]:
        raise SurveyError(
            f"{path} lacks the column {shown(lacking[0])}; its columns are {listed(table.columns)}: name it in the "
            "first line, with commas between the columns"
        )
    return table.map(lambda cell: from_text(cell.strip()))


def _group(table: pd.DataFrame, row: int) -> str:
    return f"the group {shown('='.join(table[['trait', 'group']].iloc[row]))}"


def _unquoted(cell: str) -> str:
    """A cell of a line without white space and quotation marks around it, as it was before it was made safe."""
    bare = from_text(cell.strip())
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == '"' else bare


def _pilot(cells: Iterable[tuple[str, str]], question: Question, where: str, row_name: str) -> PilotFile:
    """Respondents and their answers, checked.

    Args:
        cells: Respondent and answer of every row, empty where there is none.
        question: The question that was asked.
        where: What messages begin with.
        row_name: What a row is called in them.
    """
    options = [option.text for option in question.options]
    answers: dict[str, str] = {}
    row_of: dict[str, int] = {}
    for row, (respondent, answer) in enumerate(cells, start=1):
        if not respondent and not answer:
            continue
        if not respondent:
            raise SurveyError(f"{where}{row_name} {row} has an answer and no respondent: fill it in")
        if respondent in row_of:
            raise SurveyError(
                f"{where}respondent {shown(respondent)} stands in {row_name}s {row_of[respondent]} and {row}: keep one"
            )
        if answer and answer not in options:
            more = "leave the answer empty where there is none"
            raise UnknownNameError(f"{where}{row_name} {row}: {unknown('option', answer, options)}; {more}")
        row_of[respondent], answers[respondent] = row, answer
    given = {respondent: answer for respondent, answer in answers.items() if answer}
    return PilotFile(given, tuple(respondent for respondent, answer in answers.items() if not answer))
