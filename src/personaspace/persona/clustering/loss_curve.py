"""The loss curve: for every number of clusters its loss, its gain over one cluster, silhouette and stability."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.checks import check_wholes
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.gain import NOT_MEASURED
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import GroupAnswers
from personaspace.persona.groups import centroids
from personaspace.survey.arrays import IntArray, Vectors

SAMPLE = 2000
"""Respondents on whom the silhouette is computed."""


def curve_of(resamples: Resamples, ks: Iterable[int], seed: int) -> tuple[pd.DataFrame, dict[int, Clustering]]:
    """Cluster with every k, and measure loss, gain over one cluster, silhouette and stability.

    Args:
        resamples: The population and the clustering algorithm.
        ks: See :func:`~personaspace.persona.clustering.choose_k.choose_k`.
        seed: Seed of the clusterings and of the silhouette's sample.

    Returns:
        A row per k, and the clusterings. Columns: ``k``; ``loss``,
        see :func:`~personaspace.persona.clustering.choose_k.choose_k`; ``gain``, ``low`` and ``high``, see
        :meth:`~personaspace.persona.clustering.validity.GroupAnswers.gain_over_one`; ``silhouette``, on up to 2,000
        respondents; ``ari_respondents`` and ``ari_questions``, see
        :meth:`~personaspace.persona.clustering.stability.Resamples.agreement`; ``smallest``, the members of the
        smallest cluster.

    Raises:
        SettingError: No k can be tried, or an algorithm that finds k itself finds no cluster.
    """
    population = resamples.population
    answers, groups = population.answers(), GroupAnswers.of(population)
    found: dict[int, Clustering] = {}
    rows = []
    for k in _tried(resamples, ks):
        clustering = resamples.clusterer(population.points, population.weights, k, seed, resamples.smallest)
        number = k or len(clustering.centres)
        if not number:
            raise SettingError(
                f"{resamples.clusterer.name} finds no group of at least {resamples.smallest} respondents that is "
                "denser than what lies around it: choose another method, such as kmeans, or a lower smallest"
            )
        agreement = resamples.agreement(clustering, k)
        found[number] = clustering
        labels = population.blind_labels(clustering)
        rows.append(
            {
                "k": number,
                "loss": loss_of(population, labels, answers),
                **(NOT_MEASURED if groups is None else groups.gain_over_one(labels))._asdict(),
                "silhouette": _silhouette(population.points, clustering.labels, seed),
                "ari_respondents": agreement.respondents,
                "ari_questions": agreement.questions,
                "smallest": int(np.bincount(clustering.labels[clustering.labels >= 0]).min()),
            }
        )
    return pd.DataFrame(rows), found


def loss_of(population: Population, labels: IntArray, answers: csr_array | Vectors) -> float:
    """Mean cross-entropy of answers (``Population.answers``) when each cluster is predicted from its centroid.

    ``labels`` are the respondents' clusters, -1 for none, shape ``[respondents]``.
    """
    inside = np.flatnonzero(labels >= 0)
    _, cluster = np.unique(labels[inside], return_inverse=True)
    members = csr_array((population.weights[inside], (cluster, inside)), shape=(cluster.max() + 1, len(labels)))
    chosen = members @ answers
    packed = np.full(len(labels), -1, np.int64)
    packed[inside] = cluster
    predicted = population.embedder.predict(centroids(population.blind, packed, population.weights))
    surprise = -np.log(np.maximum(predicted, 1e-12))
    return float((chosen * surprise).sum() / chosen.sum())


def _tried(resamples: Resamples, ks: Iterable[int]) -> list[int]:
    if resamples.clusterer.finds_k:
        return [0]
    most = resamples.population.distinct
    asked = check_wholes("ks", ks, 1)
    tried = [1] if most == 1 else sorted({k for k in asked if k <= most})
    if not tried:
        raise SettingError(f"no number of clusters to try lies between 1 and {most}, the number of different vectors")
    return tried


def _silhouette(points: Vectors, labels: IntArray, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    rows = inside[np.random.default_rng(seed).permutation(len(inside))[:SAMPLE]]
    if not 1 < len(np.unique(labels[rows])) < len(rows):
        return float("nan")
    return float(silhouette_score(points[rows], labels[rows]))
