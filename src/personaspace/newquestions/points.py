"""Personas as named points of a space, in whatever form they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from personaspace.errors import SettingError, SurveyError
from personaspace.survey.arrays import Vectors


@runtime_checkable
class Persona(Protocol):
    """A named point of the space."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def vector(self) -> Vectors:
        """Shape ``[dim]``."""


@runtime_checkable
class Personas(Protocol):
    """Named points of the space."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name per point."""

    @property
    def vectors(self) -> Vectors:
        """Shape ``[points, dim]``."""


PersonasLike = Personas | Persona | Sequence[Persona]
"""Personas, one persona, or a list of them."""


def names_and_vectors(personas: PersonasLike) -> tuple[tuple[str, ...], Vectors]:
    """Names and vectors ``[points, dim]`` of personas.

    Args:
        personas: Personas, one persona, or a list of them.

    Raises:
        SettingError: There are none, two have the same name, or one is not a persona.
        SurveyError: Their vectors differ in width.
    """
    if isinstance(personas, Personas):
        names, vectors = tuple(personas.names), personas.vectors
    else:
        listed = (personas,) if isinstance(personas, Persona | str) else tuple(personas)
        if wrong := [given for given in listed if not isinstance(given, Persona)]:
            raise SettingError(f"{wrong[0]!r} is not a persona: give personas, one persona or a list of personas")
        names = tuple(persona.name for persona in listed)
        if len({len(persona.vector) for persona in listed}) > 1:
            raise SurveyError("the vectors of these personas differ in width: give personas of one embedder")
        vectors = np.array([persona.vector for persona in listed])
    if not names:
        raise SettingError("no personas given: name at least one to ask")
    if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise SettingError(f"two personas are called {repeated[0]!r}: give every persona a name of its own")
    return names, vectors
