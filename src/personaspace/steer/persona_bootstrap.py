"""Intervals from a bootstrap over the respondents behind a persona."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from personaspace.errors import SettingError, SurveyError
from personaspace.steer.protocols import Persona, Personas, Space
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.survey import Survey


class Peopled(Persona, Protocol):
    """A persona that knows which respondents it was made from."""

    @property
    def members(self) -> tuple[str, ...]:
        """Their ids."""


@dataclass(frozen=True)
class Bootstrap:
    """Where a persona might have come to lie, had other respondents been asked.

    Members are drawn with replacement, as many as there are, and the persona moves as their (weighted) mean moves.
    What varies is who was asked; the embedder and the steered model stay as they are.

    Attributes:
        space: Where the respondents stand.
        survey: Whose weights the respondents have, or ``None`` where they all count alike.
        resamples: How often to draw.
        seed: Of the draws.

    Raises:
        SettingError: Fewer than two draws.
    """

    space: Space
    survey: Survey | None = None
    resamples: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resamples < 2:
            raise SettingError(f"{self.resamples} resample(s): an interval takes at least 2, better 200")

    def points(self, personas: Personas | Persona) -> Iterator[Vectors | None]:
        """Vectors ``[resamples, dim]`` of each persona; ``None`` for one with fewer than two members.

        Raises:
            SettingError: The personas do not say who stands behind them.
            SurveyError: A member is not in the space.
        """
        given: object = (personas,) if isinstance(personas, Persona) else personas
        each = list(given) if isinstance(given, Iterable) else []
        if not each or not all(hasattr(persona, "members") for persona in each):
            raise SettingError(
                "these personas do not name their members, so nobody can be resampled: "
                "give cluster or demographic personas"
            )
        return map(self._resampled, each)

    def _resampled(self, persona: Peopled) -> Vectors | None:
        if len(persona.members) < 2:
            return None
        _check_known(persona, self._rows, "space")
        rows = np.array([self._rows[name] for name in persona.members])
        weights = self._weights(persona)
        people, weights = self.space.respondents_[rows[weights > 0]].astype(np.float64), weights[weights > 0]
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
        return {name: row for row, name in enumerate(self.space.ids_)}

    def _weights(self, persona: Peopled) -> FloatArray:
        if self.survey is None:
            return np.ones(len(persona.members))
        _check_known(persona, self.survey.respondent_index, "survey")
        weights: FloatArray = self.survey.weight[[self.survey.respondent_index[name] for name in persona.members]]
        return weights if weights.any() else np.ones(len(persona.members))


def _check_known(persona: Peopled, known: Mapping[str, int], where: str) -> None:
    missing = [name for name in persona.members if name not in known]
    if missing:
        raise SurveyError(
            f"{len(missing)} member(s) of {persona.name!r} are not in the {where}, first {missing[0]!r}: "
            f"give the {where} the personas were made from"
        )
