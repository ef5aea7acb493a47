"""Read SPSS and Stata files, whose variables carry the texts of questions and options as labels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, first_fault, unknown
from personaspace.survey.readers.codebook_file import beside, read_codebook
from personaspace.survey.readers.coding import Coding, NumberCoding, answers_and_refusals
from personaspace.survey.readers.columns import mean_one, respondent_ids
from personaspace.survey.readers.labelled.codebook import LabelledCodebook
from personaspace.survey.readers.labelled.probe import probe
from personaspace.survey.readers.labelled.variable import MOST_OPTIONS, Variable
from personaspace.survey.readers.labelled.writer import LabelledWriter
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.readers.writer import SourceWriter
from personaspace.survey.survey import Survey

SUFFIXES = (".sav", ".zsav", ".dta")
MALFORMED = (OSError, ValueError, TypeError, LookupError, OverflowError, MemoryError)
"""What pyreadstat and pandas raise on damaged files, beside pyreadstat's own errors."""


def recognizes(path: Path) -> bool:
    """Whether the path is an SPSS or Stata file."""
    return path.is_file() and path.suffix.lower() in SUFFIXES


def read_labelled(path: str | Path, codebook: Codebook | None = None, name: str | None = None) -> Survey:
    """Read an SPSS or Stata file by its own labels.

    Variable labels are the questions' texts, value labels their options in the order of the codes. Codes that the file
    declares missing, and labels such as "Refused" or "Don't know", are refusals or missing answers
    (:func:`personaspace.survey.readers.non_answers.outcome`). Variables without value labels, or with too many codes,
    are left out with a warning that names them, unless the codebook gives them a scale.

    Args:
        path: A .sav, .zsav or .dta file.
        codebook: Which variables are ids, weight, traits and questions; found beside the file if not given. Without
            one, every variable with value labels is a question, people's sex and age among them.
        name: How the survey is to be called; the file's name if not given.

    Returns:
        Respondents in the file's order, questions in the file's or the codebook's.

    Raises:
        SurveyError: The file is damaged (tried in a child process first, since it may end the one that reads it), does
            not fit its codebook or holds no question.
        UnknownNameError: The codebook names a variable that the file does not have.
    """
    path = Path(path)
    book = _book(path, codebook)
    frame, file = _read(path)
    for variable in [book.respondent, book.weight, *book.traits, *book.leave_out, *(book.questions or ())]:
        if variable is not None and variable not in frame:
            raise unknown("variable", variable, frame.columns.astype(str))
    ids = [str(row) for row in range(1, len(frame) + 1)]
    if book.respondent is not None:
        ids = list(respondent_ids(path, frame[book.respondent]))
    codings = _codings(path, frame, file, book)
    answers, refusals = answers_and_refusals(
        np.stack([coding.encode(frame[variable]) for variable, coding in codings.items()], axis=1),
        np.stack([coding.numbers(frame[variable]) for variable, coding in codings.items()], axis=1),
    )
    traits = {trait: Variable.of(trait, frame[trait], file).trait(book) for trait in book.traits}
    return Survey(
        respondents=tuple(ids),
        questions=tuple(coding.question for coding in codings.values()),
        answers=answers,
        traits=pd.DataFrame(traits, index=frame.index),
        weights=None if book.weight is None else mean_one(frame[book.weight], ids),
        refusals=refusals,
        name=name or path.name.rpartition(".")[0],
    )


def labelled_writer(path: Path, codebook: Codebook | None, survey: Survey) -> SourceWriter:
    """The writer of a file that was read as this survey."""
    frame, file = _read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when it was read
        codings = _codings(path, frame, file, _book(path, codebook))
    return LabelledWriter(path, frame, file, codings, survey)


def _book(path: Path, codebook: Codebook | None) -> LabelledCodebook:
    given = codebook if codebook is not None else beside(path)
    return LabelledCodebook() if given is None else read_codebook(path, given, LabelledCodebook)


def _read(path: Path) -> tuple[pd.DataFrame, Any]:
    import pyreadstat

    probe(path)
    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    try:
        frame, file = read(path, user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, *MALFORMED) as error:
        raise SurveyError(f"{path} cannot be read as {path.suffix} ({first_fault(error)}): save it again") from error
    if frame.empty:
        raise SurveyError(f"{path} holds no rows: give at least one respondent")
    return frame, file


def _codings(path: Path, frame: pd.DataFrame, file: Any, book: LabelledCodebook) -> dict[str, Coding | NumberCoding]:
    """The coding of every question; a warning names the variables that make none."""
    others = {book.respondent, book.weight, *book.traits, *book.leave_out}
    asked = list(book.questions or (column for column in frame.columns.astype(str) if column not in others))
    found = {name: Variable.of(name, frame[name], file).coding(book) for name in asked}
    left = [name for name, coding in found.items() if coding is None]
    why = (
        f"fewer than two labelled values, or more than {MOST_OPTIONS} values not all of which are labelled "
        f"({', '.join(left)}): give `scale: {{low: ..., high: ...}}` in the codebook to those that are numbers"
    )
    if left and (book.questions is not None or len(left) == len(asked)):
        raise SurveyError(f"{path}: {len(left)} variable(s) make no question, having {why}")
    if left:
        warnings.warn(f"{path}: left out {len(left)} variable(s) with {why}", stacklevel=3)
    return {name: coding for name, coding in found.items() if coding is not None}


SOURCE = Source(
    "labelled", f"an SPSS or Stata file ({', '.join(SUFFIXES)})", recognizes, read_labelled, labelled_writer
)
