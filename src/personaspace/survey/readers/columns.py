"""Columns of a table that are no answers: respondent ids and weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.arrays import FloatArray
from personaspace.survey.readers.coding import plain


def respondent_ids(path: Path, column: pd.Series) -> pd.Index:
    """Respondent ids as text, leading zeros kept.

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
    return pd.Index([plain_id(cell) for cell in column], dtype=object)


def plain_id(cell: object) -> str:
    """A cell as a respondent's id: text as it is, a whole number without decimals.

    Example:
        >>> plain_id("007"), plain_id(7.0)
        ('007', '7')
    """
    return cell if isinstance(cell, str) else plain(cell)


def mean_one(column: pd.Series, respondents: Iterable[str]) -> FloatArray:
    """Survey weights as numbers of mean 1.

    Args:
        column: One weight per respondent, as numbers or text.
        respondents: Their ids, for messages.

    Raises:
        SurveyError: A weight is empty, not a number or negative, or all are 0.

    Example:
        >>> mean_one(pd.Series(["1", "3"]), ["ann", "bob"])
        array([0.5, 1.5])
    """
    numbers = pd.to_numeric(column.astype("str"), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers) | (numbers < 0)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        given = "no weight" if pd.isna(column.iloc[at]) else f"weight {str(column.iloc[at])!r}"
        raise SurveyError(
            f"respondent {list(respondents)[at]!r} has {given} ({int(bad.sum())} such row(s)): "
            "weights are finite numbers >= 0; complete them or drop the respondents"
        )
    if numbers.sum() == 0:
        raise SurveyError("all weights are 0: leave the weight column out or give at least one above 0")
    return np.asarray(numbers / numbers.mean())
