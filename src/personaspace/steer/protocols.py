"""What steering takes from elsewhere: points of a space, with ids or names."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from personaspace.errors import SettingError, SurveyError
from personaspace.survey.arrays import Vectors
from personaspace.survey.survey import Survey


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


@runtime_checkable
class Persona(Protocol):
    """One named point."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def vector(self) -> Vectors:
        """Shape ``[dim]``."""


def names_and_vectors(personas: Personas | Persona) -> tuple[tuple[str, ...], Vectors]:
    """Names and vectors ``[points, dim]`` of personas, or of one.

    Raises:
        SettingError: There are none.
    """
    if isinstance(personas, Persona):
        return (personas.name,), np.asarray(personas.vector)[None]
    if not personas.names:
        raise SettingError("no personas given: name at least one to ask")
    return tuple(personas.names), personas.vectors


def checked(vectors: Vectors, dim: int) -> Vectors:
    """Vectors as contiguous float32 of shape ``[n, dim]``.

    Raises:
        SurveyError: They have another shape, or one of them is not finite.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise SurveyError(f"vectors have shape {vectors.shape}; this steered model takes [n, {dim}]")
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise SurveyError(
            f"{len(bad)} of {len(vectors)} vectors hold NaN or infinity, first row {bad[0]}: "
            "embed these respondents again or leave them out"
        )
    return vectors


def vectors_of(survey: Survey, space: Space) -> Vectors:
    """Vectors of a survey's respondents, in its order, shape ``[respondents, dim]``.

    Raises:
        SurveyError: A respondent is not in the space, or its vector is not of finite numbers.
    """
    index = {respondent: row for row, respondent in enumerate(space.ids_)}
    missing = [r for r in survey.respondents if r not in index]
    if missing:
        raise SurveyError(
            f"{len(missing)} respondent(s) of {survey.name!r} are not in the space, first {missing[0]!r}: "
            "fit the space on the same survey"
        )
    vectors: Vectors = space.respondents_[[index[r] for r in survey.respondents]]
    if broken := np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist():
        raise SurveyError(
            f"the vectors of {len(broken)} respondent(s) hold NaN or infinity, first that of "
            f"{survey.respondents[broken[0]]!r}: fit the space again"
        )
    return vectors
