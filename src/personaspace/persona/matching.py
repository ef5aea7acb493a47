"""Matching new personas with old ones, so that names persist over seeds and waves."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import RunError, SurveyError
from personaspace.persona.clustering.stability import jaccard
from personaspace.persona.labels import labelled
from personaspace.persona.personas import Persona, Personas, PersonasLike, as_personas
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.survey import Survey

LEAST = 1 / 3
"""The least similarity at which a name is kept: two clusters of one size then share half their members."""


class Match(NamedTuple):
    """New personas renamed after the old ones they match.

    Attributes:
        personas: The new personas in their own order, renamed.
        similarity: Of all pairs: a row per new persona, named as in ``personas``, a column per old one.
        renamed: The present name of every new persona by its former one.
    """

    personas: Personas
    similarity: pd.DataFrame
    renamed: dict[str, str]


def match_personas(
    new: PersonasLike,
    old: PersonasLike,
    survey: Survey | None = None,
    embedders: tuple[Embedder, Embedder] | None = None,
) -> Match:
    """Match new personas with old ones by optimal assignment, and give them the old names, and labels people gave.

    Where both have respondents in common, similarity is the Jaccard index of their members, by weight, among
    respondents who have a persona in both. Otherwise it is that of the answers expected at their vectors,
    1 - TV(new, old) / mean TV between two different old personas, not below 0, over the questions that both embedders
    know. Vectors are never compared: embeddings of different seeds are rotated against each other.

    The pairs are those of the largest sum of similarities (Kuhn 1955, as solved by scipy). A pair below 1/3 is no
    match. A new persona without a match keeps its own name or, if an old persona has that name, gets the first free
    one of its kind, such as ``"cluster-9"``.

    Args:
        new: Personas to rename.
        old: Personas with names to keep.
        survey: Brings weights, by respondent id; without it every respondent counts alike.
        embedders: Of the new and of the old personas; needed where these have no respondent in common.

    Returns:
        The renamed personas, with the similarity of all pairs.

    Raises:
        SurveyError: There is no respondent in common, and no embedders were given or they share no question.
    """
    new, old = as_personas(new), as_personas(old)
    similarity = _by_members(new, old, survey)
    if similarity is None:
        similarity = _by_answers(new, old, embedders)
    renamed = dict(zip(new.names, _names(new, old, similarity), strict=True))
    given = {persona.name: persona.label for persona in old if persona.label_given}
    personas = labelled(new.renamed(renamed), given, given=True)
    return Match(personas, pd.DataFrame(similarity, index=list(personas.names), columns=list(old.names)), renamed)


def keeping_names(new: Personas, old: Personas | None, survey: Survey) -> Personas:
    """Rename new personas after old ones; unchanged if there are none with the same respondents.

    Args:
        new: Personas to rename.
        old: Those that stood in their place, if any did.
        survey: Brings weights.
    """
    return new if old is None or _by_members(new, old, survey) is None else match_personas(new, old, survey).personas


def earlier(folder: Path) -> Personas | None:
    """The personas in a folder; ``None`` if it holds none that can be read."""
    try:
        return Personas.load(folder)
    except RunError:
        return None


def names_since(new: Personas, old: Personas) -> str:
    """Summarize in a line which names :func:`keeping_names` kept, which are new and which are retired.

    Args:
        new: The renamed personas.
        old: The personas before them.

    Returns:
        The line; empty if every persona has the members it had.

    Example:
        >>> one, two = (Personas([Persona(name, "cluster", np.zeros(2), ("ann",))]) for name in ("north", "south"))
        >>> names_since(two, one)
        'names kept: none; new: south; retired: north'
    """
    members = {persona.name: {*persona.members} for persona in old}
    if members == {persona.name: {*persona.members} for persona in new}:
        return ""
    kept = [persona.name for persona in new if members.get(persona.name, set()) & {*persona.members}]
    fresh, retired = ([name for name in names if name not in kept] for names in (new.names, old.names))
    listed = (", ".join(sorted(names, key=in_order)) or "none" for names in (kept, fresh, retired))
    return "names kept: {}; new: {}; retired: {}".format(*listed)


def in_order(name: str) -> list[tuple[int, str]]:
    """Sorting key that orders numbered names by number.

    Example:
        >>> sorted(["cluster-10", "cluster-9"], key=in_order)
        ['cluster-9', 'cluster-10']
    """
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _by_members(new: Personas, old: Personas, survey: Survey | None) -> FloatArray | None:
    place_new, place_old = _places(new), _places(old)
    common = sorted(place_new.keys() & place_old.keys())
    weights = np.ones(len(common))
    if survey is not None:
        rows = positions(common, survey.respondent_index)
        weights = np.where(rows == NOWHERE, 0, survey.weight[rows])
    if not weights.sum():
        return None
    first, second = (positions(common, places) for places in (place_new, place_old))
    shared = jaccard(first, second, weights)
    similarity = np.zeros((len(new), len(old)))
    similarity[: shared.shape[0], : shared.shape[1]] = shared
    return similarity


def _places(personas: Personas) -> dict[str, int]:
    """The position of each member's persona."""
    return {member: place for place, persona in enumerate(personas) for member in persona.members}


def _by_answers(new: Personas, old: Personas, embedders: tuple[Embedder, Embedder] | None) -> FloatArray:
    if embedders is None:
        raise SurveyError(
            "the new and the old personas have no respondent in common: give both embedders, embedders=(new, old), "
            "so that the personas can be compared by the answers expected of them"
        )
    known = {question.id: len(question.options) for question in embedders[1].questions_}
    common = [question.id for question in embedders[0].questions_ if known.get(question.id) == len(question.options)]
    if not common:
        raise SurveyError("the embedders of the new and the old personas have no question in common to compare them by")
    first, second = (
        np.concatenate(embedder.predict_questions(personas.vectors, common), axis=1)
        for personas, embedder in zip((new, old), embedders, strict=True)
    )
    between = _total_variation(second, second, len(common))
    apart = between.sum() / max(len(old) * (len(old) - 1), 1) or 1.0
    return np.asarray(np.maximum(1 - _total_variation(first, second, len(common)) / apart, 0))


def _total_variation(first: Vectors, second: Vectors, questions: int) -> FloatArray:
    return np.asarray(np.abs(first[:, None] - second[None]).sum(axis=2) / 2 / questions)


def _names(new: Personas, old: Personas, similarity: FloatArray) -> list[str]:
    from scipy.optimize import linear_sum_assignment

    pairs: tuple[IntArray, IntArray] = linear_sum_assignment(-similarity)
    kept = {int(i): old.names[j] for i, j in zip(*pairs, strict=True) if similarity[i, j] >= LEAST}
    taken = {*old.names, *kept.values()}
    names = []
    for place, persona in enumerate(new):
        name = kept.get(place) or _free(persona, taken)
        taken.add(name)
        names.append(name)
    return names


def _free(persona: Persona, taken: set[str]) -> str:
    numbered = (f"{persona.kind}-{number}" for number in itertools.count(1))
    return next(name for name in itertools.chain([persona.name], numbered) if name not in taken)
