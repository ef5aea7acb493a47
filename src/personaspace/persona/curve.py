"""The curve k is chosen by: what every number of clusters costs, and whether it comes back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder, Vectors
from personaspace.errors import SettingError
from personaspace.persona.answer_space import Crowd
from personaspace.persona.clusterers import Clustering
from personaspace.persona.groups import centroids
from personaspace.persona.stability import Resamples
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import FloatArray, IntArray, Survey

KS = range(2, 16)
"""The numbers of clusters tried where k is to be chosen."""

SAMPLE = 2000
"""Respondents on whom the silhouette is computed."""


def curve_of(resamples: Resamples, ks: Iterable[int], seed: int) -> tuple[pd.DataFrame, dict[int, Clustering]]:
    """Cluster with every k, and measure each clustering.

    Args:
        resamples: The crowd and how it is clustered.
        ks: The numbers to try; those above the number of different vectors are left out.
        seed: Seed of the clusterings and of the silhouette's sample.

    Returns:
        A row per k, and the clusterings. Columns: ``k``; ``loss``, when everybody is predicted from their cluster's
        centroid; ``silhouette``, on up to 2,000 respondents; ``ari_respondents`` and ``ari_questions``, see
        :class:`~personaspace.persona.stability.Resamples`; ``smallest``, the members of the smallest cluster.

    Raises:
        SettingError: No k to try lies between 1 and the number of different vectors, or a method that finds k itself
            finds no cluster.
    """
    crowd = resamples.crowd
    answers = answers_of(crowd)
    found: dict[int, Clustering] = {}
    rows = []
    for k in _tried(resamples, ks):
        clustering = resamples.clusterer(crowd.points, crowd.weights, k, seed, resamples.smallest)
        number = k or len(clustering.centres)
        if not number:
            raise SettingError(
                f"{resamples.clusterer.name} finds no group of at least {resamples.smallest} respondents that is "
                "denser than what lies around it: choose another method, such as kmeans, or a lower smallest"
            )
        agreement = resamples.agreement(clustering, k)
        found[number] = clustering
        rows.append(
            {
                "k": number,
                "loss": loss_of(crowd, clustering.labels, answers),
                "silhouette": _silhouette(crowd.points, clustering.labels, seed),
                "ari_respondents": agreement.respondents,
                "ari_questions": agreement.questions,
                "smallest": int(np.bincount(clustering.labels[clustering.labels >= 0]).min()),
            }
        )
    return pd.DataFrame(rows), found


def elbow(ks: list[int], losses: FloatArray) -> int:
    """The k whose point lies farthest below the chord between the curve's ends (Kneedle, Satopaa et al. 2011).

    Args:
        ks: Ascending.
        losses: Their losses, shape ``[ks]``.

    Returns:
        The elbow; the first k where the curve has fewer than three points or never falls below the chord.

    Example:
        >>> elbow([2, 3, 4, 5, 6], np.array([1.0, 0.5, 0.1, 0.09, 0.08]))
        4
    """
    across = np.array(ks, dtype=np.float64) - ks[0]
    chord = losses[0] + (losses[-1] - losses[0]) * across / max(across[-1], 1)
    return ks[int(np.argmax(chord - losses))]


def _tried(resamples: Resamples, ks: Iterable[int]) -> list[int]:
    if resamples.clusterer.finds_k:
        return [0]
    most = resamples.crowd.distinct
    tried = sorted({k for k in ks if 1 <= k <= most})
    if not tried:
        raise SettingError(f"no number of clusters to try lies between 1 and {most}, the number of different vectors")
    return tried


def loss_of(crowd: Crowd, labels: IntArray, answers: csr_array | Vectors) -> float:
    """The loss of one clustering; see :func:`~personaspace.persona.clustering.choose_k`.

    Args:
        crowd: Who was clustered.
        labels: Their clusters, -1 for none, shape ``[respondents]``.
        answers: Of :func:`answers_of`.

    Returns:
        Mean cross-entropy of the answers when everybody in a cluster is predicted from its centroid.
    """
    inside = np.flatnonzero(labels >= 0)
    _, places = np.unique(labels[inside], return_inverse=True)
    members = csr_array((crowd.weights[inside], (places, inside)), shape=(places.max() + 1, len(labels)))
    chosen = members @ answers
    packed = np.full(len(labels), -1, np.int64)
    packed[inside] = places
    predicted = crowd.embedder.predict(centroids(crowd.embedder, packed, crowd.weights))
    surprise = -np.log(np.maximum(predicted, 1e-12))
    return float((chosen * surprise).sum() / chosen.sum())


def answers_of(crowd: Crowd) -> csr_array | Vectors:
    """How often each respondent chose each option, held out or else expected; shape [respondents, options]."""
    held_out = None if crowd.survey is None else held_out_answers(crowd.embedder, crowd.survey)
    if held_out is None or not held_out.nnz:
        return crowd.embedder.predict(crowd.embedder.respondents_)
    return held_out


def held_out_answers(embedder: Embedder, survey: Survey) -> csr_array:
    """1 where a respondent chose an option in an answer no stage trains on, shape ``[respondents, options]``."""
    return chosen_options(embedder, survey.with_answers(early_stopping(survey)))


def chosen_options(embedder: Embedder, survey: Survey) -> csr_array:
    """1 where a respondent of the embedder chose an option it knows, shape ``[respondents, options]``."""
    start_of = {q.id: start for q, start in zip(embedder.questions_, embedder.offsets_.tolist(), strict=False)}
    start = np.array([start_of.get(question.id, -1) for question in survey.questions], dtype=np.int64)
    row = np.full(len(survey.respondents), -1, dtype=np.int64)
    row[[survey.respondent_index[name] for name in embedder.ids_]] = np.arange(len(embedder.ids_))
    answers = survey.answers
    known = answers.where((row[answers.respondent] >= 0) & (start[answers.question] >= 0))
    cells = (row[known.respondent], start[known.question] + known.option)
    return csr_array((np.ones(len(known)), cells), shape=(len(embedder.ids_), int(embedder.offsets_[-1])))


def _silhouette(points: Vectors, labels: IntArray, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    rows = inside[np.random.default_rng(seed).permutation(len(inside))[:SAMPLE]]
    if not 1 < len(np.unique(labels[rows])) < len(rows):
        return float("nan")
    return float(silhouette_score(points[rows], labels[rows]))
