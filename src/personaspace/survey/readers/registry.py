"""read_survey: recognize the format of a file or folder and read it as a survey."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from personaspace.errors import SurveyError, unknown
from personaspace.files import user_path
from personaspace.survey.join import join
from personaspace.survey.readers import polis, saved, tabular
from personaspace.survey.readers.opinionqa import reader as opinionqa
from personaspace.survey.readers.reading import Reading, joined
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.readers.writer import SourceWriter
from personaspace.survey.survey import Survey

SOURCES: tuple[Source, ...] = (opinionqa.SOURCE, polis.SOURCE, saved.SOURCE, tabular.SOURCE)


def read_survey(
    path: str | Path | pd.DataFrame | Sequence[str | Path],
    codebook: Codebook | None = None,
    format: str | None = None,  # noqa: A002  (the word users know from pandas and pyarrow)
    name: str | None = None,
    on: str | None = None,
) -> Survey:
    """Read a survey from a file or folder, or the waves of a panel from several.

    Args:
        path: A table of answers (.csv, .tsv, .xlsx, .parquet), an SPSS or Stata file (.sav, .zsav, .por, .dta), the
            export of a survey platform, a folder of OpinionQA waves or of a Polis conversation, a saved survey, or a
            pandas table. A list of such paths is joined by respondent (:func:`personaspace.survey.join.join`).
        codebook: For one table: a YAML or JSON file, or the same content as a mapping. Without it a file beside the
            table named ``TABLE.codebook.yaml`` (or ``.json``) is used. What no codebook says is guessed by rules, and
            a warning says so; ``personaspace codebook FILE`` writes the guesses down.
        format: ``"table"``, ``"opinionqa"``, ``"polis"`` or ``"saved"``; recognized from the path if not given.
        name: How the survey is to be called.
        on: For tables, the column of respondent ids, such as the panelist's id that joins waves.

    Returns:
        The survey: weights of mean 1, refusals kept apart from answers.

    Raises:
        SurveyError: Nothing is there, it is not understood, or its parts do not fit together.
        UnknownNameError: There is no such format.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> from personaspace.survey.storage import write_survey
        >>> folder = getfixture("tmp_path")  # in your code: the folder of a run
        >>> write_survey(simulate(respondents=20), folder / "survey")
        >>> read_survey(folder / "survey").name
        'simulated survey'
    """
    reading = read_with_account(path, codebook, format, name, on)
    for sentence in reading.sentences():
        warnings.warn(sentence, stacklevel=2)
    return reading.survey


def read_with_account(
    path: str | Path | pd.DataFrame | Sequence[str | Path],
    codebook: Codebook | None = None,
    format: str | None = None,  # noqa: A002
    name: str | None = None,
    on: str | None = None,
) -> Reading:
    """Read a survey as :func:`read_survey` does, with the account of what was read, left out and guessed."""
    if isinstance(path, pd.DataFrame):
        return tabular.read_frame(path, codebook, name, on)
    if isinstance(path, str | Path):
        return _one(user_path(path), codebook, format, name, on)
    if codebook is not None:
        raise SurveyError("several files have a codebook each: write it beside the file, as FILE.codebook.yaml")
    readings = [_one(user_path(one), None, format, None, on) for one in path]
    for one, reading in zip(path, readings, strict=True):
        if reading.numbered:
            raise SurveyError(f"{one} has no column of ids to join by: name it with `on`, such as on='QKEY'")
    return joined(readings, join([reading.survey for reading in readings], name))


def _one(path: Path, codebook: Codebook | None, form: str | None, name: str | None, on: str | None) -> Reading:
    if not path.exists():
        raise SurveyError(f"there is no file or folder {path}: check the path")
    if not path.is_file() and not path.is_dir():
        raise SurveyError(f"{path} is a pipe, a socket or a device: save what it gives as a file and name that")
    source = _source(path, form)
    if on is None or source.name != tabular.SOURCE.name:
        return source.read(path, codebook, name)
    return tabular.read_tabular(path, codebook, name, on)


def writer_of(path: Path, codebook: Codebook | None, survey: Survey) -> SourceWriter | None:
    """The writer of copies of a source with blanks filled, or ``None`` where its format is only read.

    Args:
        path: The file or folder the survey was read from.
        codebook: The codebook it was read with.
        survey: The survey as it was read.
    """
    writer = _source(path, None).writer
    return None if writer is None else writer(path, codebook, survey)


def _source(path: Path, name: str | None) -> Source:
    if name is not None:
        by_name = {source.name: source for source in SOURCES}
        if name not in by_name:
            raise unknown("survey format", name, by_name)
        return by_name[name]
    for source in SOURCES:
        if source.recognizes(path):
            return source
    understood = "; ".join(source.understands for source in SOURCES)
    raise SurveyError(f"{path} is {_found(path)}, not a survey. Understood are: {understood}")


def _found(path: Path) -> str:
    if path.is_file():
        return f"a {path.suffix or 'nameless kind of'} file"
    inside = sorted(entry.name for entry in path.iterdir())
    return f"a folder with {', '.join(inside[:5])}{' …' * (len(inside) > 5)}" if inside else "an empty folder"
