"""Read a survey that this package wrote: its folder, or the run it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from personaspace.errors import SurveyError
from personaspace.survey.readers.source import Codebook, Source, whole
from personaspace.survey.readers.writer import SavedWriter
from personaspace.survey.storage import QUESTIONS, load_survey, survey_folder
from personaspace.survey.survey import Survey


def recognizes(path: Path) -> bool:
    """Whether the path is a saved survey or a run with one."""
    return (survey_folder(path) / QUESTIONS).is_file()


def read_saved(path: Path, codebook: Codebook | None = None, name: str | None = None) -> Survey:
    """Read a saved survey, or the survey of a run.

    Args:
        path: The survey's folder or the run's.
        codebook: Not allowed: a saved survey holds its questions.
        name: Replaces the saved name.

    Raises:
        SurveyError: A codebook was given.
        RunError: The folder is incomplete or damaged.
    """
    if codebook is not None:
        raise SurveyError(f"{path} is a saved survey, which holds its questions: leave the codebook out")
    survey = load_survey(survey_folder(path))
    return survey if name is None else replace(survey, name=name)


SOURCE = Source(
    "saved",
    "a run folder, or a folder with questions.json, answers.parquet and respondents.parquet",
    recognizes,
    whole(read_saved),
    lambda _path, _codebook, survey: SavedWriter(survey),
)
