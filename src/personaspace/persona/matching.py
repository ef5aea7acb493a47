"""Matching: which of the new personas is which of the old ones, so that names stay put."""

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
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey

LEAST = 1 / 3
"""The least similarity at which a name is handed on: two clusters of one size then share half their members."""


class Match(NamedTuple):
    """New personas under old names.

    Attributes:
        personas: The new personas in their own order, renamed.
        similarity: Between all, rows named as in ``personas``, columns as the old ones.
        renamed: For every name given by the clustering the name it has now.
    """

    personas: Personas
    similarity: pd.DataFrame
    renamed: dict[str, str]


def match_personas(
    new: Personas,
    old: Personas,
    survey: Survey | None = None,
    spaces: tuple[Embedder, Embedder] | None = None,
) -> Match:
    """Give new personas the names of the old ones they are most like.

    Likeness is counted by members where both have respondents in common: the Jaccard index of their members, by
    weight, among respondents who have a persona in both. Else it is that of the answers expected at their vectors,
    1 - TV(new, old) / mean TV between two different old personas, not below 0, over the questions that both embedders
    know. Never by the vectors: spaces of different seeds are rotated against each other.

    The pairs are those of the largest sum of likeness (Kuhn 1955, as solved by scipy). A pair below 1/3 hands on no
    name; a new persona without a pair keeps its own name, or if an old persona has that gets the first free one of
    its kind, such as ``"cluster-9"``.

    Args:
        new: Personas to rename.
        old: Personas with names to keep.
        survey: Brings weights, by respondent id; without it everybody counts alike.
        spaces: The embedders of the new and the old personas, where they may have no respondent in common.

    Returns:
        The renamed personas, with the likeness of all pairs.

    Raises:
        SurveyError: There is no respondent in common, and no embedders were given or they share no question.
    """
    likeness = _by_members(new, old, survey)
    if likeness is None:
        likeness = _by_answers(new, old, spaces)
    renamed = dict(zip(new.names, _names(new, old, likeness), strict=True))
    personas = new.renamed(renamed)
    return Match(personas, pd.DataFrame(likeness, index=list(personas.names), columns=list(old.names)), renamed)


def keeping_names(new: Personas, folder: Path, survey: Survey) -> Personas:
    """The new personas under the names of those a folder holds; as they are where it holds none of the same people.

    Args:
        new: Personas to rename.
        folder: Where :meth:`~personaspace.persona.personas.Personas.save` may have written earlier ones.
        survey: Brings weights.
    """
    old = earlier(folder)
    return new if old is None or _by_members(new, old, survey) is None else match_personas(new, old, survey).personas


def earlier(folder: Path) -> Personas | None:
    """The personas a folder holds, if it holds any that can be read."""
    try:
        return Personas.load(folder)
    except RunError:
        return None


def names_since(new: Personas, old: Personas) -> str:
    """Which names :func:`keeping_names` handed on, which are new and which are retired, as a line.

    Args:
        new: Personas that have their names.
        old: Those that stood before.

    Returns:
        Empty where nobody's persona has changed.

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
    said = (", ".join(sorted(names, key=in_order)) or "none" for names in (kept, fresh, retired))
    return "names kept: {}; new: {}; retired: {}".format(*said)


def in_order(name: str) -> list[tuple[int, str]]:
    """Key that sorts numbered names by number.

    Example:
        >>> sorted(["cluster-10", "cluster-9"], key=in_order)
        ['cluster-9', 'cluster-10']
    """
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _by_members(new: Personas, old: Personas, survey: Survey | None) -> FloatArray | None:
    homes_new, homes_old = _homes(new), _homes(old)
    common = sorted(homes_new.keys() & homes_old.keys())
    weights = np.ones(len(common))
    if survey is not None:
        weights = np.array([survey.weight[survey.respondent_index[i]] if i in survey.respondent_index else 0
                            for i in common])  # fmt: skip
    if not weights.sum():
        return None
    first, second = (np.array([homes[name] for name in common], np.int64) for homes in (homes_new, homes_old))
    shared = jaccard(first, second, weights)
    likeness = np.zeros((len(new), len(old)))
    likeness[: shared.shape[0], : shared.shape[1]] = shared
    return likeness


def _homes(personas: Personas) -> dict[str, int]:
    """The place of everybody's persona."""
    return {member: place for place, persona in enumerate(personas) for member in persona.members}


def _by_answers(new: Personas, old: Personas, spaces: tuple[Embedder, Embedder] | None) -> FloatArray:
    if spaces is None:
        raise SurveyError(
            "the new and the old personas have no respondent in common: give both embedders, spaces=(new, old), "
            "so that the personas can be compared by the answers expected of them"
        )
    known = {question.id: len(question.options) for question in spaces[1].questions_}
    common = [question.id for question in spaces[0].questions_ if known.get(question.id) == len(question.options)]
    if not common:
        raise SurveyError("the embedders of the new and the old personas have no question in common to compare them by")
    first, second = (
        np.concatenate(space.predict_questions(personas.vectors, common), axis=1)
        for personas, space in zip((new, old), spaces, strict=True)
    )
    between = _total_variation(second, second, len(common))
    apart = between.sum() / max(len(old) * (len(old) - 1), 1) or 1.0
    return np.asarray(np.maximum(1 - _total_variation(first, second, len(common)) / apart, 0))


def _total_variation(first: Vectors, second: Vectors, questions: int) -> FloatArray:
    return np.asarray(np.abs(first[:, None] - second[None]).sum(axis=2) / 2 / questions)


def _names(new: Personas, old: Personas, likeness: FloatArray) -> list[str]:
    from scipy.optimize import linear_sum_assignment

    pairs: tuple[IntArray, IntArray] = linear_sum_assignment(-likeness)
    kept = {int(i): old.names[j] for i, j in zip(*pairs, strict=True) if likeness[i, j] >= LEAST}
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
