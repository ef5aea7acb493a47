"""Protocols of the objects that steering takes: respondents' vectors by id, and what is called with the progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from personaspace.errors import SurveyError
from personaspace.newquestions.cross_fitting import Embeds
from personaspace.survey.arrays import Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.survey import Survey
from personaspace.survey.validation import without_validation


class Embedding(Protocol):
    """Vectors of respondents by id, as a fitted embedder holds them."""

    @property
    def ids_(self) -> tuple[str, ...]:
        """Respondents' ids."""

    @property
    def respondents_(self) -> Vectors:
        """Their vectors, shape ``[respondents, dim]``."""


OnStep = Callable[[str, int, int, str], None]
"""Called with the stage of training, the steps done, the steps in all and a note such as the loss."""


def at_stage(on_step: OnStep | None, stage: str) -> Callable[[int, int], None] | None:
    """``on_step`` for a stage without notes: it takes the steps done and the steps in all."""
    return None if on_step is None else lambda done, steps: on_step(stage, done, steps, "")


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


def vectors_of(embedder: Embedding, survey: Survey) -> Vectors:
    """Vectors of a survey's respondents in the survey's order, shape ``[respondents, dim]``.

    An embedder that embeds by answers gives them without the validation answers (:func:`validation_mask`), by which
    training stops early.

    Raises:
        SurveyError: The embedder has no vector of a respondent, or one that is not finite.
    """
    rows = positions(survey.respondents, embedder.ids_)
    missing = np.flatnonzero(rows == NOWHERE).tolist()
    if missing:
        raise SurveyError(
            f"the embedder has no vector of {len(missing)} respondent(s) of {survey.name!r}, "
            f"first {survey.respondents[missing[0]]!r}: fit it on the same survey"
        )
    vectors: Vectors = embedder.respondents_[rows]
    if isinstance(embedder, Embeds):
        vectors = embedder.embed(without_validation(survey))
    if broken := np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist():
        raise SurveyError(
            f"the vectors of {len(broken)} respondent(s) hold NaN or infinity, first that of "
            f"{survey.respondents[broken[0]]!r}: fit the embedder again"
        )
    return vectors
