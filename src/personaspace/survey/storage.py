"""Save and load a survey as a folder of open files: questions.json, answers.parquet, respondents.parquet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype

from personaspace.errors import PersonaSpaceError, RunError, SurveyError, first_fault
from personaspace.files import read_checked, write_atomically, write_json
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import IntArray
from personaspace.survey.parquet import read_parquet, to_frame
from personaspace.survey.question import Question, option_type
from personaspace.survey.survey import Survey

FORMAT = 1
QUESTIONS, ANSWERS, RESPONDENTS = "questions.json", "answers.parquet", "respondents.parquet"
TRAIT = "trait: "  # before the names of trait columns, so that none is taken for the id or the weight


@dataclass(frozen=True)
class Header:
    """The content of questions.json."""

    name: str
    simulated: bool
    questions: tuple[Question, ...]
    trait_labels: Mapping[str, str] = field(default_factory=dict)


def write_survey(survey: Survey, folder: str | Path) -> None:
    """Write a survey so that :func:`load_survey` gives back an equal one.

    Args:
        survey: Any survey.
        folder: Made if missing; a survey already there is replaced, each file in one step.

    Raises:
        RunError: The folder cannot be written.
    """
    folder = Path(folder)
    respondents, answers = respondent_table(survey), answer_table(survey)
    write_atomically(folder / RESPONDENTS, lambda path: respondents.to_parquet(path, index=False))
    write_atomically(folder / ANSWERS, lambda path: answers.to_parquet(path, index=False))
    write_json(folder / QUESTIONS, header(survey.questions, survey.name, survey.simulated, survey.trait_labels))


def load_survey(folder: str | Path) -> Survey:
    """Read what :func:`write_survey` wrote.

    Args:
        folder: The folder with the three files.

    Returns:
        A survey equal to the one written.

    Raises:
        RunError: A file is missing, damaged or of another format.
    """
    folder = Path(folder)
    known = read_header(folder)
    respondents, answers = _read_table(folder / RESPONDENTS), _read_table(folder / ANSWERS)
    try:
        return _assemble(known, respondents, answers)
    except (LookupError, TypeError, ValueError, OverflowError, pa.ArrowException, PersonaSpaceError) as error:
        raise RunError(
            f"{folder} holds a damaged survey ({first_fault(error)}): write it again from its source"
        ) from error


def digest(survey: Survey) -> str:
    """The sha256 of a survey: of its name, respondents, questions, answers, refusals, traits and weights.

    Labels of traits and the order of their values count where they are given.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> digest(simulate(50, seed=0)) == digest(simulate(50, seed=0)) != digest(simulate(50, seed=1))
        True
    """
    state = hashlib.sha256()
    known = [survey.name, survey.simulated, survey.respondents, [question.to_json() for question in survey.questions]]
    state.update(json.dumps(known).encode())
    state.update(survey.traits.to_csv(index=False).encode())
    orders = {name: column.cat.categories.tolist() for name, column in survey.traits.select_dtypes("category").items()}
    if orders or survey.trait_labels:
        state.update(json.dumps([orders, survey.trait_labels]).encode())
    for pairs in (survey.answers, survey.refusals):
        for name, column in vars(pairs).items():
            if name != "value" or survey.answers.numeric:
                state.update(column.tobytes())
    state.update(survey.weight.tobytes())
    return state.hexdigest()


def header(
    questions: Sequence[Question], name: str, simulated: bool, trait_labels: Mapping[str, str]
) -> dict[str, Any]:
    """The content of questions.json; labels of traits are there only where there are any."""
    labels = {"trait_labels": trait_labels} if trait_labels else {}
    asked = [question.to_json() for question in questions]
    return {"format": FORMAT, "name": name, "simulated": simulated, **labels, "questions": asked}


def survey_folder(path: Path) -> Path:
    """The folder of a saved survey: the path itself, or ``survey`` in it where it is a run."""
    inside = path / "survey"
    return inside if (inside / QUESTIONS).is_file() else path


def read_header(folder: Path) -> Header:
    """Read questions.json; :class:`RunError` where it is missing, damaged or of another format."""
    return read_checked(folder / QUESTIONS, Header, FORMAT)


def respondent_table(survey: Survey) -> pd.DataFrame:
    """The content of respondents.parquet: ids, weights where there are any, and traits."""
    table = survey.traits.add_prefix(TRAIT).reset_index(drop=True)
    table.insert(0, "id", pd.Series(survey.respondents, dtype="str"))
    if survey.weights is not None:
        table.insert(1, "weight", survey.weights)
    return table


def answer_table(survey: Survey) -> pd.DataFrame:
    """The content of answers.parquet: a row per answer or refusal, whose option is null.

    The rows are sorted by respondent where answers and refusals are; questions on a scale have a column of numbers.
    """
    answers, refusals = survey.answers, survey.refusals
    refused = np.repeat([False, True], [len(answers), len(refusals)])
    options = np.concatenate([answers.option, np.zeros(len(refusals))]).astype(option_type(survey.questions))
    table = pd.DataFrame(
        {
            "respondent": np.concatenate([answers.respondent, refusals.respondent]).astype(np.int32),
            "question": np.concatenate([answers.question, refusals.question]).astype(np.int32),
            "option": pd.arrays.IntegerArray(options, refused),
        }
    )
    if any(question.scale for question in survey.questions):
        table["value"] = np.concatenate([answers.value, np.full(len(refusals), np.nan)])
    by_respondent = all((np.diff(pairs.respondent) >= 0).all() for pairs in (answers, refusals))
    return table.sort_values("respondent", kind="stable", ignore_index=True) if by_respondent else table


def answers_and_refusals_in(table: pd.DataFrame) -> tuple[Answers, Pairs]:
    """The answers and refusals of a table as :func:`answer_table` makes it."""
    rows, columns = _whole(table["respondent"]), _whole(table["question"])
    refused = table["option"].isna().to_numpy()
    options = _whole(table["option"][~refused])
    values = table["value"][~refused].to_numpy(np.float64) if "value" in table else np.empty(0)
    return Answers(rows[~refused], columns[~refused], options, values), Pairs(rows[refused], columns[refused])


def _assemble(known: Header, respondents: pd.DataFrame, answers: pd.DataFrame) -> Survey:
    traits = [name for name in respondents.columns.astype(str) if name.startswith(TRAIT)]
    given, refused = answers_and_refusals_in(answers)
    if len(respondents) and infer_dtype(respondents["id"], skipna=False) != "string":
        raise SurveyError("a respondent's id is no text")
    return Survey(
        respondents=tuple(respondents["id"]),
        questions=known.questions,
        answers=given,
        traits=respondents[traits].rename(columns=lambda name: name.removeprefix(TRAIT)),
        weights=respondents["weight"].to_numpy() if "weight" in respondents else None,
        refusals=refused,
        name=known.name,
        simulated=known.simulated,
        trait_labels=known.trait_labels,
    )


def _whole(column: pd.Series) -> IntArray:
    """A column of indices; :class:`SurveyError` where they are no whole numbers."""
    kind = infer_dtype(column, skipna=False)
    if len(column) and kind != "integer":
        raise SurveyError(f"the column {column.name!r} holds {kind} values, not whole numbers")
    return column.to_numpy(np.int64)


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise RunError(f"{path} is missing: write the survey again from its source")
    try:
        return to_frame(path, read_parquet(path))
    except SurveyError as error:
        raise RunError(f"{error}: write the survey again") from error
