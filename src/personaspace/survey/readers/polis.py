"""Read a Polis conversation: votes on statements, exported by pol.is or cleaned as for Collective Constitutional AI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.readers.coding import Coding, answers_and_refusals, plain
from personaspace.survey.readers.csv_file import read_csv
from personaspace.survey.readers.reading import LeftOut, Reading
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.survey import Survey

VOTES = re.compile(r"(?:.+-)?participants?-votes\.csv(?:\.gz)?|clean_votes\.csv(?:\.gz)?")
LOG = re.compile(r"(?:(?!.*participants?-)(?:.+-))?votes\.csv(?:\.gz)?")
COMMENTS = re.compile(r"(?:.+-)?comments\.csv(?:\.gz)?|clean_comments\.csv(?:\.gz)?")
EXPORTS = "participants-votes.csv or votes.csv, and comments.csv, also with the name of a report before them"

RESPONDENT, STATEMENT, TEXT, MODERATED = "participant", "comment-id", "comment-body", "moderated"
VOTER, VOTE, TIME = "voter-id", "vote", "timestamp"
KEPT = {"1": True, "accepted": True, "0": True, "unmoderated": True, "-1": False, "rejected": False}
"""Whether a statement is kept, by what its moderators said, in numbers or words."""

AGREE, PASS, DISAGREE = range(3)
OPTIONS = (Option("Agree", 1.0), Option("Pass", 0.5), Option("Disagree", 0.0))
CODES = ["1", "0", "-1"]


def recognizes(path: Path) -> bool:
    """Whether the path is a folder with votes and comments."""
    return path.is_dir() and bool(_found(path, VOTES) or _found(path, LOG)) and bool(_found(path, COMMENTS))


def read_polis(path: str | Path, codebook: Codebook | None = None, name: str | None = None) -> Reading:
    """Read a Polis conversation.

    Every statement is a question with the options Agree (position 1), Pass (.5) and Disagree (0). Statements the
    moderators rejected are left out, as Polis does. Polis' own groups are no traits: they were made from the votes.

    Exports write an agreement as 1; the database and the API of Polis write it as -1. The counts of agreements that
    come with comments (``agrees``) or participants (``n-agree``) settle which it is.

    Args:
        path: A folder with ``comments.csv`` and either ``participants-votes.csv`` (a row per participant, a column per
            comment id) or the log of votes ``votes.csv`` (a row per vote, of which the latest counts); the names of a
            report's downloads and those of Collective Constitutional AI are known too, and all may be gzipped.
        codebook: Not allowed: the comments are the questions.
        name: How the survey is to be called; the folder's name if not given.

    Returns:
        Participants in the file's order, statements in the order of their columns; no traits, no weights.

    Raises:
        SurveyError: A file is missing or damaged, a cell is no vote, a vote has no comment, or nothing says whether 1
            is an agreement.
    """
    path = Path(path)
    if codebook is not None:
        raise SurveyError(
            f"{path} holds a Polis conversation, whose comments are the questions: leave the codebook out"
        )
    votes, revotes = _votes(path)
    comments = _table(_one(path, COMMENTS), [STATEMENT, TEXT])
    comments = comments.set_index(comments[STATEMENT].map(plain, na_action="ignore"))
    asked = _statements(path, votes, comments)
    kept = _kept(path, comments.loc[asked])
    questions = [_question(path, column, comments[TEXT][column], kept[column]) for column in asked]
    coded = np.stack([Coding.of(question, CODES).encode(votes[question.id]) for question in questions], axis=1)
    notes = [f"{revotes} vote(s) that were changed later were left out"] if revotes else []
    if _agree_is_minus_one(path, coded, votes, comments.loc[asked]):
        coded = np.where(coded >= 0, DISAGREE - coded, coded)
        notes.append("-1 was read as agree and 1 as disagree: the counts of agreements say so")
    answers, refusals = answers_and_refusals(coded[:, [kept[column] for column in asked]])
    survey = Survey(
        respondents=tuple(votes[RESPONDENT].map(plain)),
        questions=tuple(question for question in questions if kept[question.id]),
        answers=answers,
        refusals=refusals,
        name=name or path.resolve().name,
    )
    rejected = tuple(LeftOut(column, "rejected by the moderators", MODERATED) for column in asked if not kept[column])
    return Reading(survey, len(votes), respondent=RESPONDENT, left_out=rejected, notes=tuple(notes))


def _found(folder: Path, names: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if names.fullmatch(path.name) and path.is_file())


def _one(folder: Path, names: re.Pattern[str]) -> Path:
    found = _found(folder, names)
    exact = [path for path in found if "clean" not in path.name] or found
    if len(exact) != 1:
        given = f"{len(exact)} files of one kind, {listed(path.name for path in exact)}" if exact else "too few files"
        raise SurveyError(f"{folder} has {given}: give the folder of one Polis export, with {EXPORTS}")
    return exact[0]


def _table(path: Path, columns: list[str]) -> pd.DataFrame:
    table = read_csv(path)
    if lacking := [column for column in columns if column not in table]:
        raise SurveyError(f"{path} lacks the column {lacking[0]!r}: is it a Polis export?")
    if table.empty or table[columns[0]].isna().any():
        raise SurveyError(f"{path} has no rows, or a row without {columns[0]!r}: restore the file")
    return table


def _votes(folder: Path) -> tuple[pd.DataFrame, int]:
    """The votes, a row per participant, and how many were changed later."""
    if _found(folder, VOTES):
        return _table(_one(folder, VOTES), [RESPONDENT]), 0
    log = _table(path := _one(folder, LOG), [VOTER, STATEMENT, VOTE])
    if log[STATEMENT].isna().any():
        raise SurveyError(f"{path} has a vote on no comment: restore {STATEMENT!r}")
    if TIME in log:
        log = log.iloc[pd.to_numeric(log[TIME], errors="coerce").argsort(kind="stable")]
    pairs = log.assign(**{key: log[key].map(plain) for key in (VOTER, STATEMENT)})
    latest = pairs.drop_duplicates([VOTER, STATEMENT], keep="last")
    wide = latest.pivot(index=VOTER, columns=STATEMENT, values=VOTE)
    rows, columns = (sorted(names, key=lambda one: (len(one), one)) for names in (wide.index, wide.columns))
    return wide.loc[rows, columns].rename_axis(RESPONDENT).reset_index(), len(log) - len(latest)


def _statements(folder: Path, votes: pd.DataFrame, comments: pd.DataFrame) -> list[str]:
    """Ids of the statements that were voted on, in the order of their columns."""
    if not comments.index.is_unique:
        raise SurveyError(f"{folder}: comment {shown(comments.index[comments.index.duplicated()][0])} occurs twice")
    asked = [column for column in map(str, votes.columns) if column.isdigit() or column in comments.index]
    if unknown := [column for column in asked if column not in comments.index]:
        raise SurveyError(
            f"{folder}: there are votes on {len(unknown)} comment(s) that the comments lack, first "
            f"{shown(unknown[0])}: take both files from one export"
        )
    return asked


def _kept(folder: Path, comments: pd.DataFrame) -> Mapping[str, bool]:
    """Whether each statement is kept; those nobody moderated are."""
    said = comments[MODERATED] if MODERATED in comments else pd.Series("0", comments.index)
    words = said.fillna("0").map(lambda cell: plain(cell).casefold())
    if len(strange := words[~words.isin(list(KEPT))]):
        raise SurveyError(
            f"{folder}: comment {shown(strange.index[0])} has {shown(strange.iloc[0])} as {MODERATED!r} "
            f"({len(strange)} such comment(s)): known are {listed(KEPT)}"
        )
    kept = {str(name): KEPT[word] for name, word in words.items()}
    if not any(kept.values()):
        raise SurveyError(f"{folder}: there are votes on no comment that the moderators kept")
    return kept


def _question(folder: Path, name: str, text: object, kept: bool) -> Question:
    if not isinstance(text, str) and kept:
        raise SurveyError(f"{folder}: comment {shown(name)} has no text: restore {TEXT!r}")
    return Question(name, text if isinstance(text, str) else name, OPTIONS)


def _agree_is_minus_one(folder: Path, coded: IntArray, votes: pd.DataFrame, comments: pd.DataFrame) -> bool:
    """Whether the counts of agreements and disagreements fit the votes better with -1 for agree.

    Raises:
        SurveyError: The counts of comments and participants contradict each other, or there are none for votes in
            numbers.
    """
    by_comment = _fits_reversed(coded, comments, ("agrees", "disagrees"))
    by_participant = _fits_reversed(coded.T, votes, ("n-agree", "n-disagree"))
    said = {verdict for verdict in (by_comment, by_participant) if verdict is not None}
    if len(said) == 2:
        raise SurveyError(
            f"{folder}: by the counts of comments (agrees), 1 stands for {'dis' * bool(by_comment)}agree, by those of "
            f"participants (n-agree) for {'dis' * bool(by_participant)}agree: take both files from one export"
        )
    signs = votes.loc[:, list(comments.index)].isin(["1", "-1", "1.0", "-1.0"])
    if not said and signs.any(axis=None):
        raise SurveyError(
            f"{folder}: nothing says whether a vote of 1 is an agreement, as in exports, or a disagreement, as in the "
            "database of Polis: add the column 'agrees' to the comments (how many agree with each), or write the votes "
            "as agree, pass and disagree"
        )
    return said == {True}


def _fits_reversed(coded: IntArray, table: pd.DataFrame, columns: tuple[str, str]) -> bool | None:
    """Whether counts beside the votes fit them better when turned round; ``None`` where they do not say.

    Args:
        coded: Shape ``[votes, rows of the table]``.
        table: Has the counts of agreements and disagreements, or one of them.
        columns: Their names.
    """
    as_read = turned = 0.0
    for column, option in zip(columns, (AGREE, DISAGREE), strict=True):
        if column in table:
            counts = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            known: BoolArray = ~np.isnan(counts)
            same, other = ((coded == one).sum(axis=0)[known] for one in (option, DISAGREE - option))
            as_read += float(np.abs(same - counts[known]).sum())
            turned += float(np.abs(other - counts[known]).sum())
    return None if as_read == turned else turned < as_read


SOURCE = Source("polis", f"a folder of Polis ({EXPORTS})", recognizes, read_polis)
