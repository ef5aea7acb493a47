"""read_survey: recognize the format of a file or folder and read it as a survey."""

from __future__ import annotations

from pathlib import Path

from personaspace.errors import SurveyError, unknown
from personaspace.files import user_path
from personaspace.survey.readers import polis, saved, table
from personaspace.survey.readers.labelled import reader as labelled
from personaspace.survey.readers.opinionqa import reader as opinionqa
from personaspace.survey.readers.source import Codebook, Source
from personaspace.survey.readers.writer import SourceWriter
from personaspace.survey.survey import Survey

SOURCES: tuple[Source, ...] = (labelled.SOURCE, opinionqa.SOURCE, polis.SOURCE, saved.SOURCE, table.SOURCE)


def read_survey(
    path: str | Path,
    codebook: Codebook | None = None,
    format: str | None = None,  # noqa: A002  (the word users know from pandas and pyarrow)
    name: str | None = None,
) -> Survey:
    """Read a survey from a file or folder.

    Args:
        path: A folder of OpinionQA waves or of a Polis conversation, a table of answers (.csv, .csv.gz, .parquet), an
            SPSS or Stata file (.sav, .zsav, .dta) or a saved survey.
        codebook: For tables, SPSS and Stata files: a YAML or JSON file, or the same content as a mapping. Without it
            a file beside the table named ``TABLE.codebook.yaml`` (or ``.json``) is used.
        format: ``"labelled"``, ``"opinionqa"``, ``"polis"``, ``"table"`` or ``"saved"``; recognized from the path if
            not given.
        name: How the survey is to be called.

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
    path = user_path(path)
    if not path.exists():
        raise SurveyError(f"there is no file or folder {path}: check the path")
    if not path.is_file() and not path.is_dir():
        raise SurveyError(f"{path} is a pipe, a socket or a device: save what it gives as a file and name that")
    return _source(path, format).read(path, codebook, name)


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
