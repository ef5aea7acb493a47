"""Personas without clustering: single respondents and demographic groups; and the centroids of any groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import SurveyError, unknown
from personaspace.persona.personas import Persona, Personas
from personaspace.persona.saved import Kind
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey


def individual_personas(embedder: Embedder, survey: Survey | None = None) -> Personas:
    """Make every respondent a persona, at the respondent's own vector.

    Args:
        embedder: A fitted embedder.
        survey: Brings the weights of the embedder's respondents, matched by id; without it all have the same share.

    Returns:
        Personas called ``"respondent-ID"``, in the embedder's order.

    Raises:
        NotFittedError: The embedder was not fitted.
        SurveyError: A respondent of the embedder is not in the survey.
    """
    embedder.check_fitted()
    weights = np.ones(len(embedder.ids_)) if survey is None else survey.weight[survey_rows(embedder, survey)]
    shares = (weights / weights.sum()).tolist()
    return Personas(
        Persona(f"respondent-{name}", "individual", vector, (name,), share)
        for name, vector, share in zip(embedder.ids_, embedder.respondents_, shares, strict=True)
    )


def demographic_personas(embedder: Embedder, survey: Survey, trait: str) -> Personas:
    """Make every value of a trait a persona, at the (weighted) mean of its respondents' vectors.

    Args:
        embedder: A fitted embedder.
        survey: Traits and weights of the embedder's respondents, matched by id.
        trait: A column of ``survey.traits``; respondents without a value belong to no persona.

    Returns:
        Personas called ``"TRAIT=value"``: in the order of the trait's values where they have one, else the largest
        share first.

    Raises:
        UnknownNameError: The survey does not have the trait.
        SurveyError: No respondent of the embedder has a value.
    """
    if trait not in survey.traits.columns:
        raise unknown("trait", trait, survey.traits.columns)
    rows = survey_rows(embedder, survey)
    values = survey.traits[trait].iloc[rows].reset_index(drop=True)
    if not values.notna().any():
        raise SurveyError(f"no respondent has a value of {trait!r}: choose another trait")
    labels, found = values.factorize(sort=True)
    names = [f"{trait}={value}" for value in found]
    personas = grouped(embedder, labels.astype(np.int64), survey.weight[rows], names, "demographic")
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return personas
    return Personas(personas[name] for name in names)


def grouped(embedder: Embedder, labels: IntArray, weights: FloatArray, names: list[str] | None, kind: Kind) -> Personas:
    """Make each group of respondents a persona at the weighted mean of its vectors, the largest share first.

    Args:
        embedder: A fitted embedder.
        labels: Each respondent's group, -1 for none, shape ``[respondents]``.
        weights: Weight of each respondent, shape ``[respondents]``.
        names: A name per group, or ``None`` to number them from 1 by size: ``"KIND-1"`` is the largest.
        kind: The personas' kind.

    Returns:
        One persona per group that has members.
    """
    sizes = np.bincount(labels[labels >= 0], weights[labels >= 0])
    vectors = centroids(embedder.respondents_, labels, weights)
    personas = []
    for rank, group in enumerate(np.argsort(-sizes, kind="stable").tolist(), start=1):
        name = f"{kind}-{rank}" if names is None else names[group]
        members = tuple(embedder.ids_[row] for row in np.flatnonzero(labels == group))
        personas.append(Persona(name, kind, vectors[group], members, float(sizes[group] / weights.sum())))
    return Personas(personas)


def centroids(vectors: Vectors, labels: IntArray, weights: FloatArray) -> Vectors:
    """The weighted mean vector of each group, the plain mean where all its weights are 0.

    Args:
        vectors: The respondents', shape ``[respondents, dim]``.
        labels: Each respondent's group, -1 for none, shape ``[respondents]``.
        weights: Weight of each respondent, shape ``[respondents]``.

    Returns:
        Shape ``[groups, dim]``.
    """
    rows = np.flatnonzero(labels >= 0)
    groups = labels[rows]
    parts = np.where(np.bincount(groups, weights[rows])[groups] > 0, weights[rows], 1.0)
    means = csr_array((parts / np.bincount(groups, parts)[groups], (groups, rows)))
    return np.asarray(means @ vectors[: rows.max() + 1], dtype=np.float32)
