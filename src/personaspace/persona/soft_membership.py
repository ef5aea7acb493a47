"""Soft membership: the probability that respondents belong to each persona."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.persona.clustering.answer_space import SAMPLE
from personaspace.persona.gaussian_mixture import AnswerMixture, GaussianMixture, nearest
from personaspace.persona.personas import Personas, PersonasLike, as_personas
from personaspace.survey.arrays import FloatArray, Vectors

ITERATIONS = 200
"""Steps of expectation-maximisation at the most."""


def soft_membership(embedder: Embedder, personas: PersonasLike, vectors: Vectors | None = None) -> pd.DataFrame:
    """Probability that respondents belong to each persona, given the answers expected of them.

    For personas of a Gaussian mixture these are its responsibilities. For all others, p(c | u) is proportional to
    share_c exp(-d_c(u)^2 / (2 s^2)): every persona is a spherical Gaussian around the answers expected at its vector,
    with its share as prior probability. The distance d_c is taken in the directions in which the personas differ,
    since no other direction distinguishes them. The variance s^2 is the maximum-likelihood estimate for the
    embedder's own respondents, centres and shares held fixed. The probabilities concern the component a respondent
    was drawn from under this model; they do not include the uncertainty of the vector itself.

    Args:
        embedder: The embedder the personas were made from.
        personas: Clusters or demographic groups, which stand for a share of the respondents.
        vectors: Respondents, seen or not, shape ``[n, dim]``; the embedder's own where not given.

    Returns:
        Shape ``[n, personas]``, rows sum to 1, columns named as the personas; indexed by id for the embedder's own.
        ``personas.mix(table.loc[id])`` is that respondent as a mixture of personas.

    Raises:
        SettingError: A persona has no share, or the vectors have another length.

    Example:
        >>> from personaspace.embedding.factorization.model import Factorization
        >>> from personaspace.persona.clustering.cluster_personas import cluster_personas
        >>> from personaspace.survey.simulate import simulate
        >>> embedder = Factorization(dim=8, seed=0).fit(simulate(respondents=300, seed=0))
        >>> soft_membership(embedder, cluster_personas(embedder, k=3, seed=0)).shape
        (300, 3)
    """
    personas = as_personas(personas)
    shares = np.array([persona.share for persona in personas])
    if not len(personas) or not (shares > 0).all():
        named = [persona.name for persona in personas if not persona.share > 0]
        raise SettingError(f"soft membership needs personas with a share of the respondents; without one: {named}")
    index = embedder.ids_ if vectors is None else range(len(vectors))
    expected = embedder.predict(embedder.respondents_ if vectors is None else vectors)
    mixture = personas.mixture or spherical_mixture(embedder, personas)
    return pd.DataFrame(mixture.membership(expected), index=pd.Index(index), columns=list(personas.names))


def spherical_mixture(embedder: Embedder, personas: Personas) -> AnswerMixture:
    """Spherical Gaussians of one variance at the personas, in the directions in which the personas differ."""
    centres = embedder.predict(personas.vectors)
    shares = np.array([persona.share for persona in personas])
    mean = centres.mean(axis=0)
    _, sizes, rows = np.linalg.svd((centres - mean).astype(np.float64), full_matrices=False)
    basis = rows[sizes > 1e-6 * max(float(sizes[0]), 1e-12)].T.astype(np.float32)
    sample = np.sort(np.random.default_rng(0).permutation(len(embedder.respondents_))[:SAMPLE])
    points = (embedder.predict(embedder.respondents_[sample]) - mean) @ basis
    return AnswerMixture(mean, basis, _of_one_variance((centres - mean) @ basis, shares / shares.sum(), points))


def _of_one_variance(centres: Vectors, shares: FloatArray, points: Vectors) -> GaussianMixture:
    """Expectation-maximisation of the variance alone (Bishop 2006, eq. 9.24 with one spherical covariance)."""
    distance = ((points[:, None] - centres) ** 2).sum(axis=2, dtype=np.float64)
    variance = _floored(distance[np.arange(len(points)), nearest(points, centres)].mean(), distance)
    for _ in range(ITERATIONS):
        mixture = GaussianMixture(centres, np.full(centres.shape, variance / max(centres.shape[1], 1)), shares)
        before, variance = variance, _floored((mixture.membership(points) * distance).sum(axis=1).mean(), distance)
        if abs(variance - before) <= 1e-6 * before:
            break
    return mixture


def _floored(variance: float, distance: FloatArray) -> float:
    """The variance, kept above 0 where all points lie on a centre."""
    return max(float(variance), 1e-6 * float(distance.mean()), 1e-12)
