"""What steering takes from elsewhere: points of a space, with ids or names."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from personaspace.errors import SurveyError
from personaspace.survey.survey import BoolArray, IntArray, Survey

Vectors = npt.NDArray[np.float32]

FOLDS = 5


class Space(Protocol):
    """Points with ids: what a fitted embedder offers."""

    @property
    def ids_(self) -> tuple[str, ...]:
        """One id a point."""

    @property
    def respondents_(self) -> Vectors:
        """Shape ``[points, dim]``."""

    def embed(self, survey: Survey) -> Vectors:
        """Place a survey's respondents from its answers alone, shape ``[respondents, dim]``."""


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


def blind_points(survey: Survey, space: Space, known: BoolArray, seed: int) -> tuple[Vectors, IntArray]:
    """Points that do not know the answer they are to predict.

    The answers are dealt into :data:`FOLDS` folds at random, and every respondent is placed once without each of them.
    A point that knew the answer would teach the soft-prompting model to read it off, which it cannot do for an answer
    that was held out.

    Args:
        survey: Training answers.
        space: What places respondents from answers.
        known: Mask of the answers that may be known to any point, shape ``[answers]``.
        seed: Of the dealing.

    Returns:
        Points of shape ``[folds * respondents, dim]``, and for every answer the row that is blind to it.
    """
    fold = np.random.default_rng(seed).integers(FOLDS, size=len(survey.answers))
    points = [space.embed(survey.with_answers(known & (fold != blind))) for blind in range(FOLDS)]
    return np.concatenate(points), fold * len(survey.respondents) + survey.answers.respondent
