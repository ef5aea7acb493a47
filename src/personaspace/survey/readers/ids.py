"""Respondent ids from a column of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.readers.cells import plain


def respondent_ids(path: Path, column: pd.Series) -> pd.Index:
    """Ids as text, zeros in front kept.

    Args:
        path: The file, for messages.
        column: One id per row.

    Raises:
        SurveyError: A row has none.
    """
    empty = (column.isna() | (column == "")).to_numpy()
    if empty.any():
        row = int(np.flatnonzero(empty)[0]) + 1
        raise SurveyError(f"{path}: row {row} has no respondent id in column {column.name!r}: fill it in")
    return pd.Index([cell if isinstance(cell, str) else plain(cell) for cell in column], dtype=object)
