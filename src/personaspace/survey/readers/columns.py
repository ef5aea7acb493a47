"""Columns of a table that are no answers: respondent ids and weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, shown
from personaspace.survey.arrays import FloatArray
from personaspace.survey.readers.coding import plain


def respondent_ids(path: Path, column: pd.Series) -> pd.Index:
    """Respondent ids as text: leading zeros are kept, white space around them is not.

    Args:
        path: The file, for messages.
        column: One id per row.

    Raises:
        SurveyError: A row has none.
    """
    ids = ["" if missing else plain_id(cell) for cell, missing in zip(column, column.isna(), strict=True)]
    if "" in ids:
        raise SurveyError(
            f"{path}: row {ids.index('') + 1} has no respondent id in column {shown(column.name)}: fill it in"
        )
    return pd.Index(ids, dtype=object)


def plain_id(cell: object) -> str:
    """A cell as a respondent's id: text without white space around it, a whole number without decimals.

    Example:
        >>> plain_id("007"), plain_id("ann "), plain_id(7.0)
        ('007', 'ann', '7')
    """
    return cell.strip() if isinstance(cell, str) else plain(cell)


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
        given = "no weight" if pd.isna(column.iloc[at]) else f"weight {shown(column.iloc[at])}"
        raise SurveyError(
            f"respondent {shown(list(respondents)[at])} has {given} ({int(bad.sum())} such row(s)): "
            "weights are finite numbers >= 0; complete them or drop the respondents"
        )
    if numbers.sum() == 0:
        raise SurveyError("all weights are 0: leave the weight column out or give at least one above 0")
    return np.asarray(numbers / numbers.mean())
