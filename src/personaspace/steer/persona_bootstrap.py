"""Bootstrap intervals: resampling the respondents behind a persona."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from personaspace.checks import check_whole
from personaspace.errors import MAX_SEED, SettingError, SurveyError
from personaspace.newquestions.points import Persona, PersonasLike
from personaspace.steer.protocols import Embedding
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, index_of, positions
from personaspace.survey.survey import Survey


@runtime_checkable
class PersonaWithMembers(Persona, Protocol):
    """A persona that names the respondents it was made from."""

    @property
    def members(self) -> tuple[str, ...]:
        """Their ids."""


@dataclass(frozen=True)
class Bootstrap:
    """Nonparametric bootstrap of a persona's position over its members.

    Members are drawn with replacement, as many as there are, and the persona moves as their (weighted) mean moves.
    Only the sample of respondents varies: the embedder and the steered model stay as they are.

    Attributes:
        embedder: Holds the respondents' vectors.
        survey: Holds the respondents' weights; ``None`` where all count the same.
        resamples: How often members are drawn.
        seed: Of the draws.

    Raises:
        SettingError: Fewer than two resamples.
    """

    embedder: Embedding
    survey: Survey | None = None
    resamples: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("resamples", self.resamples, 2)
        check_whole("seed", self.seed, 0, MAX_SEED)

    def points(self, personas: PersonasLike) -> Iterator[Vectors | None]:
        """Resampled vectors ``[resamples, dim]`` of each persona; ``None`` for one with fewer than two members.

        Raises:
            SettingError: The personas do not name their members.
            SurveyError: A member is not known to the embedder or the survey.
        """
        listed = (personas,) if isinstance(personas, Persona) else personas
        each = tuple(listed) if isinstance(listed, Iterable) else ()
        members = [persona for persona in each if isinstance(persona, PersonaWithMembers)]
        if not members or len(members) < len(each):
            raise SettingError(
                "these personas do not name their members, so nobody can be resampled: "
                "give cluster or demographic personas"
            )
        return map(self._resampled, members)

    def _resampled(self, persona: PersonaWithMembers) -> Vectors | None:
        if len(persona.members) < 2:
            return None
        rows = _known(persona, self._rows, "embedder")
        weights = self._weights(persona)
        people, weights = self.embedder.respondents_[rows[weights > 0]].astype(np.float64), weights[weights > 0]
        digest = hashlib.blake2b(persona.name.encode(), digest_size=8).digest()
        rng = np.random.default_rng([self.seed, int.from_bytes(digest, "little")])
        counts = (
            np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people)) * weights
            for _ in range(self.resamples)
        )
        drawn = np.stack([count @ people / count.sum() for count in counts])
        return np.asarray(persona.vector + drawn - weights @ people / weights.sum(), dtype=np.float32)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return index_of(self.embedder.ids_)

    def _weights(self, persona: PersonaWithMembers) -> FloatArray:
        if self.survey is None:
            return np.ones(len(persona.members))
        weights: FloatArray = self.survey.weight[_known(persona, self.survey.respondent_index, "survey")]
        return weights if weights.any() else np.ones(len(persona.members))


def _known(persona: PersonaWithMembers, index: Mapping[str, int], where: str) -> IntArray:
    """Rows of a persona's members; :class:`SurveyError` where one is missing."""
    rows = positions(persona.members, index)
    if missing := np.flatnonzero(rows == NOWHERE).tolist():
        raise SurveyError(
            f"{len(missing)} member(s) of {persona.name!r} are not in the {where}, "
            f"first {persona.members[missing[0]]!r}: give the {where} the personas were made from"
        )
    return rows
