"""Surveys that a fitted run is measured on beside its own, read from their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from personaspace.errors import SurveyError, shown
from personaspace.survey.readers.reading import Reading
from personaspace.survey.readers.registry import read_with_account
from personaspace.survey.survey import Survey


def read_other(path: str, codebook: Path | None, on_note: Callable[[str], None]) -> Survey:
    """Read another survey, whose respondents are nobody's in a run where the file only numbers them.

    Args:
        path: File or folder.
        codebook: Its codebook, if not the one beside it.
        on_note: Called with what was read and what was guessed, sentence by sentence.

    Raises:
        SurveyError: It cannot be read.
    """
    reading = _read(path, codebook, on_note)
    survey = reading.survey
    if reading.numbered:
        survey = replace(survey, respondents=tuple(f"{survey.name}, row {number}" for number in survey.respondents))
    return survey


def read_retest(path: str, codebook: Path | None, on_note: Callable[[str], None]) -> Survey:
    """Read the same people's answers at another interview; see :func:`read_other`.

    Raises:
        SurveyError: It cannot be read, or holds no ids by which the same people could be found.
    """
    reading = _read(path, codebook, on_note)
    if reading.numbered:
        raise SurveyError(
            f"{shown(path)} has no column of respondent ids, by which the same people are found: name it as "
            "`respondent` in the codebook"
        )
    return reading.survey


def _read(path: str, codebook: Path | None, on_note: Callable[[str], None]) -> Reading:
    reading = read_with_account(path, codebook=codebook)
    for sentence in (f"read {reading.survey!r}", *reading.sentences()):
        on_note(sentence)
    return reading
