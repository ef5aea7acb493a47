"""A survey as a folder of open files: questions.json, answers.parquet, respondents.parquet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import PersonaSpaceError, RunError
from personaspace.files import read_json, write_atomically, write_json
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

FORMAT = 1
QUESTIONS, ANSWERS, RESPONDENTS = "questions.json", "answers.parquet", "respondents.parquet"
TRAIT = "trait: "  # before the names of trait columns, so that none is taken for the id or the weight


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
    write_about(folder, survey.questions, survey.name, survey.simulated)


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
    known = read_about(folder)
    respondents, answers = _read_table(folder / RESPONDENTS), _read_table(folder / ANSWERS)
    try:
        return _assemble(known, respondents, answers)
    except (KeyError, TypeError, ValueError, PersonaSpaceError) as error:
        raise RunError(f"{folder} holds a damaged survey ({error}): write it again from its source") from error


def write_about(folder: Path, questions: Sequence[Question], name: str, simulated: bool) -> None:
    """Write questions.json."""
    write_json(folder / QUESTIONS, about(questions, name, simulated))


def about(questions: Sequence[Question], name: str, simulated: bool) -> dict[str, Any]:
    """What questions.json holds."""
    asked = [question.to_json() for question in questions]
    return {"format": FORMAT, "name": name, "simulated": simulated, "questions": asked}


def read_about(folder: Path) -> dict[str, Any]:
    """Read questions.json; :class:`RunError` where it is missing, damaged or of another format."""
    known = read_json(folder / QUESTIONS)
    if not isinstance(known, dict) or known.get("format") != FORMAT:
        raise RunError(f"{folder / QUESTIONS} is not of survey format {FORMAT}: write the survey again")
    return known


def _assemble(known: dict[str, Any], respondents: pd.DataFrame, answers: pd.DataFrame) -> Survey:
    traits = [name for name in respondents.columns.astype(str) if name.startswith(TRAIT)]
    rows, columns = answers["respondent"].to_numpy(), answers["question"].to_numpy()
    refused = answers["option"].isna().to_numpy()
    options = answers["option"][~refused].to_numpy(np.int64)
    values = answers["value"][~refused].to_numpy(np.float64) if "value" in answers else np.empty(0)
    return Survey(
        respondents=tuple(respondents["id"]),
        questions=tuple(Question.from_json(entry) for entry in known["questions"]),
        answers=Answers(rows[~refused], columns[~refused], options, values),
        traits=respondents[traits].rename(columns=lambda name: name.removeprefix(TRAIT)),
        weights=respondents["weight"].to_numpy() if "weight" in respondents else None,
        refusals=Pairs(rows[refused], columns[refused]),
        name=known["name"],
        simulated=known["simulated"],
    )


def respondent_table(survey: Survey) -> pd.DataFrame:
    """Ids, weights where there are any, and traits."""
    table = survey.traits.add_prefix(TRAIT).reset_index(drop=True)
    table.insert(0, "id", pd.Series(survey.respondents, dtype="str"))
    if survey.weights is not None:
        table.insert(1, "weight", survey.weights)
    return table


def answer_table(survey: Survey) -> pd.DataFrame:
    """Answers and refusals, whose option is null, by respondent where both are; with the numbers given to scales."""
    answers, refusals = survey.answers, survey.refusals
    refused = np.repeat([False, True], [len(answers), len(refusals)])
    options = np.concatenate([answers.option, np.zeros(len(refusals))]).astype(np.int16)
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


def _read_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing: write the survey again from its source") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is not a readable table ({error}): write the survey again") from error


def digest(survey: Survey) -> str:
    """A sha256 over respondents, questions, answers, refusals, traits and weights.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> digest(simulate(50, seed=0)) == digest(simulate(50, seed=0)) != digest(simulate(50, seed=1))
        True
    """
    state = hashlib.sha256()
    about = [survey.name, survey.simulated, survey.respondents, [question.to_json() for question in survey.questions]]
    state.update(json.dumps(about).encode())
    state.update(survey.traits.to_csv(index=False).encode())
    for pairs in (survey.answers, survey.refusals):
        for name, column in vars(pairs).items():
            if name != "value" or survey.answers.numeric:
                state.update(column.tobytes())
    state.update(survey.weight.tobytes())
    return state.hexdigest()
