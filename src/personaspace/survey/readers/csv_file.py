"""CSV files as they are: every cell text, only an empty one missing."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Literal

import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.question import repeated


def read_csv(path: Path, delimiter: str = ",", dtype: Literal["str", "category"] = "str") -> pd.DataFrame:
    """Read a CSV file, plain or gzipped, without guessing what its cells are.

    Args:
        path: A file in UTF-8.
        delimiter: What separates the columns.
        dtype: ``"category"`` where few values fill many rows.

    Returns:
        A table of text; ``"None"`` and ``"NA"`` are text too, only an empty cell is missing.

    Raises:
        SurveyError: The file is no such table, has a column twice or rows longer than its header.
    """
    try:
        header = _header(path, delimiter)
        frame = pd.read_csv(
            path, dtype=dtype, sep=delimiter, keep_default_na=False, na_values=[""], encoding="utf-8-sig"
        )
    except (OSError, EOFError, ValueError, csv.Error) as error:
        reason = " ".join(str(error).split())
        raise SurveyError(f"{path} cannot be read as a table in UTF-8: {reason}; save it so again") from error
    if twice := repeated(header):
        raise SurveyError(f"{path} has the column {twice[0]!r} twice: rename one of them")
    if not isinstance(frame.index, pd.RangeIndex):
        raise SurveyError(f"{path} has rows with more cells than its first line names: complete the header")
    return frame


def _header(path: Path, delimiter: str) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines, delimiter=delimiter), [])
