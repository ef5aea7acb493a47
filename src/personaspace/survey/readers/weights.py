"""Survey weights from a column of a table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.question import FloatArray


def mean_one(column: pd.Series, respondents: Iterable[str]) -> FloatArray:
    """Weights as numbers of mean 1.

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
