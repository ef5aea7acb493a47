"""Read a Polis conversation: votes on statements, exported by pol.is or cleaned as for Collective Constitutional AI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, shown
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.coding import Coding, answers_and_refusals, plain
from personaspace.survey.readers.csv_file import read_csv
from personaspace.survey.readers.source import Codebook, Source, whole
from personaspace.survey.survey import Survey

VOTES = ("participants-votes.csv", "participant-votes.csv", "clean_votes.csv")
COMMENTS = ("comments.csv", "clean_comments.csv")
RESPONDENT, STATEMENT, TEXT, MODERATED = "participant", "comment-id", "comment-body", "moderated"
REJECTED = "-1"
CODES = {"1": Option("Agree", 1.0), "0": Option("Pass", 0.5), "-1": Option("Disagree", 0.0)}


def recognizes(path: Path) -> bool:
    """Whether the path is a folder with votes and comments."""
    return path.is_dir() and _found(path, VOTES) is not None and _found(path, COMMENTS) is not None


def read_polis(path: str | Path, codebook: Codebook | None = None, name: str | None = None) -> Survey:
    """Read a Polis conversation.

    Every statement is a question with the options Agree (position 1), Pass (.5) and Disagree (0). Statements the
    moderators rejected are left out, as Polis does. Polis' own groups are no traits: they were made from the votes.

    Args:
        path: A folder with ``participants-votes.csv`` (a row per participant, a column per comment id: 1 agree, 0
            pass, -1 disagree) and ``comments.csv``, or ``clean_votes.csv`` and ``clean_comments.csv``; also gzipped.
        codebook: Not allowed: the comments are the questions.
        name: How the survey is to be called; the folder's name if not given.

    Returns:
        Participants in the file's order, statements in the order of their columns; no traits, no weights.

    Raises:
        SurveyError: A file is missing or damaged, a cell is no vote, a vote has no comment, or the signs contradict
            the comments' own counts.
    """
    path = Path(path)
    if codebook is not None:
        raise SurveyError(
            f"{path} holds a Polis conversation, whose comments are the questions: leave the codebook out"
        )
    votes, comments = _table(path, VOTES, [RESPONDENT]), _table(path, COMMENTS, [STATEMENT, TEXT])
    comments = comments.set_index(comments[STATEMENT].map(plain, na_action="ignore"))
    votes = votes[[RESPONDENT, *_statements(path, votes, comments)]]
    questions = [_question(path, name, comments[TEXT][name]) for name in votes.columns[1:]]
    codings = [Coding.of(question, list(CODES)) for question in questions]
    coded = np.stack([coding.encode(votes[coding.question.id]) for coding in codings], axis=1)
    _check_signs(path, coded, comments.loc[votes.columns[1:]])
    answers, refusals = answers_and_refusals(coded)
    return Survey(
        respondents=tuple(votes[RESPONDENT].map(plain)),
        questions=tuple(questions),
        answers=answers,
        refusals=refusals,
        name=name or path.resolve().name,
    )


def _found(folder: Path, names: tuple[str, ...]) -> Path | None:
    candidates = [folder / (name + suffix) for name in names for suffix in ("", ".gz")]
    return next((path for path in candidates if path.is_file()), None)


def _table(folder: Path, names: tuple[str, ...], columns: list[str]) -> pd.DataFrame:
    path = _found(folder, names)
    if path is None:
        raise SurveyError(f"{folder} has none of {', '.join(names)} (or .gz): give the folder of a Polis export")
    table = read_csv(path)
    if lacking := [column for column in columns if column not in table]:
        raise SurveyError(f"{path} lacks the column {lacking[0]!r}: is it a Polis export?")
    if table.empty or table[columns[0]].isna().any():
        raise SurveyError(f"{path} has no rows, or a row without {columns[0]!r}: restore the file")
    return table


def _statements(folder: Path, votes: pd.DataFrame, comments: pd.DataFrame) -> list[str]:
    """Ids of the statements to read, in the order of their columns."""
    if not comments.index.is_unique:
        raise SurveyError(f"{folder}: comment {shown(comments.index[comments.index.duplicated()][0])} occurs twice")
    asked = [column for column in map(str, votes.columns) if column.isdigit() or column in comments.index]
    if unknown := [column for column in asked if column not in comments.index]:
        raise SurveyError(
            f"{folder}: there are votes on {len(unknown)} comment(s) that the comments lack, first "
            f"{shown(unknown[0])}: take both files from one export"
        )
    if MODERATED in comments:
        asked = [column for column in asked if plain(comments[MODERATED][column]) != REJECTED]
    if not asked:
        raise SurveyError(f"{folder}: there are votes on no comment that the moderators kept")
    return asked


def _question(folder: Path, name: str, text: object) -> Question:
    if not isinstance(text, str):
        raise SurveyError(f"{folder}: comment {shown(name)} has no text: restore {TEXT!r}")
    return Question(name, text, tuple(CODES.values()))


def _check_signs(folder: Path, coded: np.ndarray, comments: pd.DataFrame) -> None:
    """Raise where the comments' own counts of agreement fit the votes better with 1 for disagree."""
    if not {"agrees", "disagrees"} <= set(comments.columns):
        return
    agree, _, disagree = ((coded == place).sum(axis=0) for place in range(len(CODES)))
    counts = [pd.to_numeric(comments[column], errors="coerce").fillna(0) for column in ("agrees", "disagrees")]
    as_read, reversed_ = (
        sum(np.abs(votes - count).sum() for votes, count in zip(sides, counts, strict=True))
        for sides in ((agree, disagree), (disagree, agree))
    )
    if reversed_ < as_read:
        raise SurveyError(
            f"{folder}: 1 should stand for agree and -1 for disagree, but the comments count {int(counts[0].sum())} "
            f"agreements and {int(counts[1].sum())} disagreements where the votes hold {int(agree.sum())} and "
            f"{int(disagree.sum())}: the signs are reversed; multiply the votes by -1"
        )


SOURCE = Source(
    "polis",
    "a folder of Polis (participants-votes.csv and comments.csv, or clean_votes.csv and clean_comments.csv)",
    recognizes,
    whole(read_polis),
)
