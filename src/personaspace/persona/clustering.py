"""Cluster personas: K-Means on the respondents' vectors, and how many clusters there should be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder, Vectors
from personaspace.errors import SettingError
from personaspace.persona.groups import centroids, grouped, survey_rows
from personaspace.persona.personas import Personas
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import FloatArray, IntArray, Survey

KS = range(2, 16)
"""The numbers of clusters tried where k is to be chosen."""

SAMPLE = 2000
"""Respondents on whom the silhouette is computed."""


@dataclass(frozen=True)
class ClusterPersonas:
    """Groups of respondents who answer alike: the centroids of K-Means clusters.

    Attributes:
        k: How many, or ``"elbow"`` to choose (:func:`choose_k`).
        seed: Seed of K-Means' ten starts.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> from personaspace.embedding.factorization import Factorization
        >>> space = Factorization(dim=8, seed=0).fit(simulate(respondents=300, seed=0))
        >>> ClusterPersonas(k=3, seed=0).fit(space).names
        ('cluster-1', 'cluster-2', 'cluster-3')
    """

    k: int | Literal["elbow"] = "elbow"
    seed: int = 0

    def fit(self, embedder: Embedder, survey: Survey | None = None) -> Personas:
        """Cluster the embedder's respondents.

        Args:
            embedder: A fitted embedder.
            survey: The survey it was fitted on: brings weights, and for ``"elbow"`` held-out answers. Without it
                every respondent counts alike, and k is chosen by the answers the embedder itself expects.

        Returns:
            Personas ``"cluster-1"`` (the largest share) to ``"cluster-k"``; where k was chosen, with ``curve``.

        Raises:
            SettingError: k is neither ``"elbow"`` nor a whole number from 1 to the number of different vectors.
            SurveyError: A respondent of the embedder is not in the survey.
        """
        weights = _weights(embedder, survey)
        if self.k == "elbow":
            k, curve = choose_k(embedder, survey, seed=self.seed)
        else:
            k, curve = _checked(self.k, embedder), None
        return Personas(grouped(embedder, _kmeans(embedder, k, weights, self.seed), weights, None, "cluster"), curve)


class Elbow(NamedTuple):
    """The number of clusters chosen, and the curve it was chosen from: columns k, loss, silhouette."""

    k: int
    curve: pd.DataFrame


def choose_k(embedder: Embedder, survey: Survey | None = None, ks: Iterable[int] = KS, seed: int = 0) -> Elbow:
    """Choose the number of clusters at the elbow of the loss.

    For each k every respondent is replaced by the centroid of the cluster, and the embedder predicts from there:
    loss(k) = -mean log p_c(i)(y), over held-out answers y of respondents i. These are the answers no stage trains on
    (:func:`personaspace.survey.split.early_stopping`). Without a survey, or in one too small to hold any out, it is
    the answers the embedder expects, -sum_i sum_o p_i(o) log p_c(i)(o), as if everybody had answered everything.

    With both axes scaled to [0, 1] the elbow is the k that lies farthest below the chord between the curve's ends;
    it depends on which ks are tried. The silhouette, on up to 2,000 respondents, is there for information.

    Args:
        embedder: A fitted embedder.
        survey: The survey it was fitted on, with its answers and weights.
        ks: The numbers to try; those above the number of different vectors are left out.
        seed: Seed of K-Means and of the silhouette's sample.

    Returns:
        The number chosen and the curve.

    Raises:
        SettingError: No k to try lies between 1 and the number of different vectors.
        SurveyError: A respondent of the embedder is not in the survey.
    """
    most = _distinct(embedder)
    tried = sorted({k for k in ks if 1 <= k <= most})
    if not tried:
        raise SettingError(f"no number of clusters to try lies between 1 and {most}, the number of different vectors")
    weights = _weights(embedder, survey)
    answers = _answers(embedder, survey)
    rows = []
    for k in tried:
        labels = _kmeans(embedder, k, weights, seed)
        loss = _loss(embedder, labels, weights, answers)
        rows.append({"k": k, "loss": loss, "silhouette": _silhouette(embedder, labels, seed)})
    curve = pd.DataFrame(rows)
    return Elbow(elbow(tried, curve["loss"].to_numpy()), curve)


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


def _kmeans(embedder: Embedder, k: int, weights: FloatArray, seed: int) -> IntArray:
    from sklearn.cluster import KMeans
    from sklearn.utils.parallel import ThreadpoolController

    with ThreadpoolController().limit(
        limits=1
    ):  # threads that wait for a busy core make many short steps up to 90 times slower
        labels = KMeans(k, n_init=10, random_state=seed).fit_predict(embedder.respondents_, sample_weight=weights)
    return np.asarray(labels, dtype=np.int64)


def _weights(embedder: Embedder, survey: Survey | None) -> FloatArray:
    return np.ones(len(embedder.ids_)) if survey is None else survey.weight[survey_rows(embedder, survey)]


def _checked(k: object, embedder: Embedder) -> int:
    if not isinstance(k, int | np.integer) or isinstance(k, bool):
        raise SettingError(f"k is {k!r}: give a whole number of clusters, or 'elbow' to choose it")
    most = _distinct(embedder)
    if not 1 <= k <= most:
        raise SettingError(
            f"k is {k}, but {len(embedder.ids_)} respondents with {most} different vectors make 1 to {most} clusters"
        )
    return int(k)


def _distinct(embedder: Embedder) -> int:
    return len(np.unique(embedder.respondents_, axis=0))


def _answers(embedder: Embedder, survey: Survey | None) -> csr_array | Vectors:
    """How often each respondent chose each option, held out or else expected; shape [respondents, options]."""
    held_out = None if survey is None else _held_out(embedder, survey)
    return embedder.predict(embedder.respondents_) if held_out is None or not held_out.nnz else held_out


def _held_out(embedder: Embedder, survey: Survey) -> csr_array:
    start_of = {q.id: start for q, start in zip(embedder.questions_, embedder.offsets_.tolist(), strict=False)}
    start = np.array([start_of.get(question.id, -1) for question in survey.questions], dtype=np.int64)
    row = np.full(len(survey.respondents), -1, dtype=np.int64)
    row[survey_rows(embedder, survey)] = np.arange(len(embedder.ids_))
    watched = survey.answers.where(early_stopping(survey))
    known = watched.where((row[watched.respondent] >= 0) & (start[watched.question] >= 0))
    cells = (row[known.respondent], start[known.question] + known.option)
    return csr_array((np.ones(len(known)), cells), shape=(len(embedder.ids_), int(embedder.offsets_[-1])))


def _loss(embedder: Embedder, labels: IntArray, weights: FloatArray, answers: csr_array | Vectors) -> float:
    """Mean cross-entropy of the answers when everybody is predicted from their cluster's centroid."""
    members = csr_array((weights, (labels, np.arange(len(labels)))))
    chosen = members @ answers
    surprise = -np.log(np.maximum(embedder.predict(centroids(embedder, labels, weights)), 1e-12))
    return float((chosen * surprise).sum() / chosen.sum())


def _silhouette(embedder: Embedder, labels: IntArray, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    rows = np.random.default_rng(seed).permutation(len(labels))[:SAMPLE]
    if not 1 < len(np.unique(labels[rows])) < len(rows):
        return float("nan")
    return float(silhouette_score(embedder.respondents_[rows], labels[rows]))
