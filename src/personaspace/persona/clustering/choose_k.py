"""The curve k is chosen by: what every number of clusters costs, and whether it comes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.groups import centroids
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

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
        :class:`~personaspace.persona.clustering.stability.Resamples`; ``smallest``, the members of the smallest cluster.

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


def loss_of(crowd: Population, labels: IntArray, answers: csr_array | Vectors) -> float:
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


def answers_of(crowd: Population) -> csr_array | Vectors:
    """How often each respondent chose each option, held out or else expected; shape [respondents, options]."""
    held_out = None if crowd.survey is None else held_out_answers(crowd.embedder, crowd.survey)
    if held_out is None or not held_out.nnz:
        return crowd.embedder.predict(crowd.embedder.respondents_)
    return held_out


def held_out_answers(embedder: Embedder, survey: Survey) -> csr_array:
    """1 where a respondent chose an option in an answer no stage trains on, shape ``[respondents, options]``."""
    return chosen_options(embedder, survey.with_answers(validation_mask(survey)))


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


REACH = 2
"""How far from the elbow stability may lead."""

STRUCTURE = ((0.7, "strong"), (0.5, "reasonable"), (0.25, "weak"))
"""Silhouettes above which structure is called so (Kaufman and Rousseeuw 1990, table 4)."""


class Recommendation(NamedTuple):
    """The k each rule chooses, and the words for it.

    Attributes:
        elbow: See :func:`~personaspace.persona.clustering.choose_k.elbow`.
        silhouette: Where the silhouette is highest.
        stability: Where clusterings agree best.
        recommended: The most stable of the numbers within two of the elbow.
        words: What the numbers say, as a paragraph.
    """

    elbow: int
    silhouette: int
    stability: int
    recommended: int
    words: str


def recommend(curve: pd.DataFrame, least: int = 1) -> Recommendation:
    """Choose k by every rule, and say in words what the curve shows.

    Stability is the mean of both adjusted Rand indices, or the one that could be measured. The recommended k is the
    most stable one within two of the elbow: the elbow says how many personas are worth having, stability which of
    them would be found again. Numbers whose smallest cluster has fewer than ``least`` members are passed over where
    another is left. Ties go to the smaller k.

    Args:
        curve: Columns ``k, loss, silhouette, ari_respondents, ari_questions, smallest``, k ascending.
        least: Members a cluster should have.

    Returns:
        The choices and the words.

    Example:
        >>> curve = pd.DataFrame({"k": [2, 3, 4], "loss": [1.0, 0.5, 0.4], "silhouette": [0.3, 0.6, 0.4],
        ...                       "ari_respondents": [0.5, 0.9, 0.6], "ari_questions": [0.5, 0.8, 0.4],
        ...                       "smallest": [90, 70, 40]})
        >>> recommend(curve).recommended
        3
    """  # fmt: skip
    ks = curve["k"].tolist()
    bend = elbow(ks, curve["loss"].to_numpy())
    stable = curve[["ari_respondents", "ari_questions"]].mean(axis=1).to_numpy()
    near = np.abs(curve["k"].to_numpy() - bend) <= REACH
    large = near & (curve["smallest"].to_numpy() >= least)
    recommended = _best(ks, np.where(large if large.any() else near, stable, np.nan), otherwise=bend)
    silhouettes = curve["silhouette"].to_numpy()
    rules = bend, _best(ks, silhouettes, otherwise=bend), _best(ks, stable, otherwise=bend), recommended
    return Recommendation(*rules, _words(curve.set_index("k"), *rules))


def _best(ks: list[int], values: FloatArray, otherwise: int) -> int:
    return otherwise if np.isnan(values).all() else ks[int(np.nanargmax(values))]


def _words(curve: pd.DataFrame, bend: int, silhouette: int, stability: int, recommended: int) -> str:
    if len(curve) == 1:
        return f"The method finds {bend} clusters. {_agreement(curve, bend)} {_structure(curve, silhouette)}".strip()
    low, high = max(int(curve.index.min()), bend - REACH), min(int(curve.index.max()), bend + REACH)
    sentences = [
        f"Recommended: {recommended} personas.",
        f"The elbow of the loss is at {bend}; of {low} to {high}, "
        + ("it is also the number that comes back best." if recommended == bend else f"{recommended} comes back best."),
        _agreement(curve, recommended),
        _agreement(curve, bend) if bend != recommended else "",
        "" if stability in (recommended, bend) else f"Of all numbers {stability} comes back best.",
        _structure(curve, silhouette),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _agreement(curve: pd.DataFrame, k: int) -> str:
    """How well k clusters come back."""
    parts = [
        f"{_value(curve, k, column):.2f} with those of other {who}"
        for column, who in (("ari_respondents", "respondents"), ("ari_questions", "questions"))
        if not np.isnan(_value(curve, k, column))
    ]
    return f"Clusters in {k} agree {' and '.join(parts)} (adjusted Rand index)." if parts else ""


def _structure(curve: pd.DataFrame, k: int) -> str:
    """What the highest silhouette says about gaps between clusters."""
    value = _value(curve, k, "silhouette")
    if np.isnan(value):
        return ""
    for least, word in STRUCTURE:
        if value > least:
            return f"The silhouette is highest at {k} ({value:.2f}): {word} structure."
    return (
        f"The silhouette is highest at {k} ({value:.2f}): there are no clear gaps between clusters, "
        "so personas are regions of a continuum rather than kinds of people."
    )


def _value(curve: pd.DataFrame, k: int, column: str) -> float:
    return float(curve[column].to_dict()[k])
