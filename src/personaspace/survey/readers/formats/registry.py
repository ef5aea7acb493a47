"""open_table: open a file of any known format as a labelled table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from personaspace.errors import SurveyError
from personaspace.survey.readers.formats import google_forms, limesurvey, qualtrics, redcap, surveymonkey
from personaspace.survey.readers.formats.csv_file import open_csv
from personaspace.survey.readers.formats.excel import open_excel
from personaspace.survey.readers.formats.grid import Grid, plain_table, with_decimal_points
from personaspace.survey.readers.formats.parquet_file import open_parquet
from personaspace.survey.readers.formats.spss_stata import SUFFIXES as LABELLED
from personaspace.survey.readers.formats.spss_stata import open_labelled
from personaspace.survey.readers.formats.text_file import beginning, check_no_web_page
from personaspace.survey.readers.labelled_table import LabelledTable

EXPORTS = (qualtrics.EXPORT, surveymonkey.EXPORT, redcap.EXPORT, limesurvey.EXPORT, google_forms.EXPORT)
"""Exports of survey platforms, which are text files or sheets."""

Open = Callable[[Path, str | None, str | None, str | None], LabelledTable]
"""Opens a path, with an encoding, a delimiter and a sheet for the formats that have them."""


def understood(grid: Grid) -> LabelledTable:
    """The columns of a grid, as the survey platform that exported it means them."""
    grid = grid.tidy()
    for export in EXPORTS:
        if export.recognizes(grid):
            return export.read(grid)
    return plain_table(with_decimal_points(grid))


OPENERS: dict[str, Open] = {
    **dict.fromkeys(
        [text + zipped for text in (".csv", ".tsv", ".tab", ".txt") for zipped in ("", ".gz")],
        lambda path, encoding, delimiter, _: understood(open_csv(path, encoding, delimiter)),
    ),
    **dict.fromkeys((".xlsx", ".xlsm"), lambda path, _encoding, _delimiter, sheet: understood(open_excel(path, sheet))),
    ".parquet": lambda path, *_: open_parquet(path),
    **dict.fromkeys(LABELLED, lambda path, encoding, *_: open_labelled(path, encoding)),
}
"""By the end of a file's name, in lower case."""

SUFFIXES = tuple(OPENERS)


def open_table(
    path: Path, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> LabelledTable:
    """Open a file with a row per respondent or per answer: its columns, with what the file says of them.

    Args:
        path: A file with one of the :data:`SUFFIXES`, in upper or lower case.
        encoding: Of text files and old SPSS files, such as ``"cp1252"``; told from the file if not given.
        delimiter: The character between the columns of a text file; told from the file if not given.
        sheet: Of a workbook; its first if not given.

    Returns:
        Columns in the file's order, at least one.

    Raises:
        SurveyError: The file is of no known format, is damaged, is a web page or is no table.
    """
    name = path.name.lower()
    for suffix, opener in OPENERS.items():
        if name.endswith(suffix):
            check_no_web_page(path, beginning(path))
            return opener(path, encoding, delimiter, sheet)
    raise SurveyError(f"{path} is of no format that is known here: save it as one of {', '.join(SUFFIXES)}")
