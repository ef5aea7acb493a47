"""What steering takes from elsewhere: points of a space, with ids or names."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from personaspace.errors import SurveyError
from personaspace.survey.survey import Survey

Vectors = npt.NDArray[np.float32]


class Space(Protocol):
    """Points with ids: what a fitted embedder offers."""

    @property
    def ids_(self) -> tuple[str, ...]:
        """One id a point."""

    @property
    def respondents_(self) -> Vectors:
        """Shape ``[points, dim]``."""


class Personas(Protocol):
    """Named points: what personas offer."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name a point."""

    @property
    def vectors(self) -> Vectors:
        """Shape ``[points, dim]``."""


def vectors_of(survey: Survey, space: Space) -> Vectors:
    """Vectors of a survey's respondents, in its order, shape ``[respondents, dim]``.

    Raises:
        SurveyError: A respondent is not in the space.
    """
    index = {respondent: row for row, respondent in enumerate(space.ids_)}
    missing = [r for r in survey.respondents if r not in index]
    if missing:
        raise SurveyError(
            f"{len(missing)} respondent(s) of {survey.name!r} are not in the space, first {missing[0]!r}: "
            "fit the space on the same survey"
        )
    return space.respondents_[[index[r] for r in survey.respondents]]
