"""What an embedder expects everybody to answer: it makes questions comparable that only some were asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.membership import everybody, membership
from personaspace.persona.personas import Personas
from personaspace.persona.shares import scaled
from personaspace.survey.survey import FloatArray, Survey

ROWS = 4096
"""Respondents whose answers are predicted at a time."""


def expected_shares(personas: Personas, survey: Survey, embedder: Embedder) -> tuple[list[str], FloatArray, FloatArray]:
    """Weighted mean of the answers expected of each persona's members, and of everybody.

    Args:
        personas: Those with at least two members.
        survey: Weights; everybody is who is in it and in the embedder.
        embedder: A fitted embedder.

    Returns:
        The groups' names, their shares of shape ``[groups, options]``, and everybody's of shape ``[options]``;
        options are those of ``embedder.questions_``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona, survey and embedder hold no member in common.
    """
    row = {name: at for at, name in enumerate(embedder.ids_)}
    placed = np.array([row.get(name, -1) for name in survey.respondents], dtype=np.int64)
    if not (placed >= 0).any():
        raise SurveyError(f"the embedder placed nobody of {survey!r}: give the survey it was fitted on")
    known = replace(survey.select(placed >= 0, []), name=survey.name)
    groups, members = membership(personas, known)
    weights = np.vstack([members.toarray(), everybody(known).toarray()]) * known.weight
    sums = np.zeros((len(weights), int(embedder.offsets_[-1])))
    for start in range(0, len(known.respondents), ROWS):
        part = slice(start, start + ROWS)
        sums += weights[:, part] @ embedder.predict(embedder.respondents_[placed[placed >= 0][part]])
    shares = scaled(sums, embedder.offsets_)
    return [group.name for group in groups], shares[:-1], shares[-1]
