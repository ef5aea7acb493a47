"""Find a fitted embedder's respondents in a survey."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.survey.arrays import IntArray
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.survey import Survey


def survey_rows(embedder: Embedder, survey: Survey) -> IntArray:
    """The survey's row of each of the embedder's respondents, shape ``[respondents]``.

    Raises:
        NotFittedError: The embedder was not fitted.
        SurveyError: A respondent of the embedder is not in the survey.
    """
    embedder.check_fitted()
    rows = positions(embedder.ids_, survey.respondent_index)
    missing = np.flatnonzero(rows == NOWHERE)
    if len(missing):
        raise SurveyError(
            f"{len(missing)} of the embedder's {len(embedder.ids_)} respondents are not in the survey, "
            f"first {embedder.ids_[int(missing[0])]!r}: give the survey it was fitted on"
        )
    return rows
