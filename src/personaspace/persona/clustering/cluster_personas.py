"""Cluster personas: groups of respondents of whom alike answers are expected, and how many there should be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder, check_whole
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.choose_k import KS, Recommendation, curve_of, recommend
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import evidence, floor, minorities_within, validity_notes
from personaspace.persona.groups import grouped
from personaspace.persona.personas import Personas
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.survey import Survey

ALIKE = 1e-4
"""Standard deviation of expected answers, per question, below which nobody differs from anybody but by rounding."""

Rule = Literal["elbow", "silhouette", "stability", "recommended"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class ClusterPersonas:
    """Groups of respondents of whom alike answers are expected: the centroids of clusters.

    Respondents are clustered where they lie in the space of expected answers
    (:class:`~personaspace.persona.clustering.answer_space.AnswerSpace`); a persona is the weighted mean of its members' vectors.

    Attributes:
        k: How many, or the rule that chooses: ``"elbow"``, ``"silhouette"``, ``"stability"``, ``"recommended"``
            (:func:`~personaspace.persona.clustering.choose_k.recommend`). HDBSCAN finds the number itself: leave the rule.
        method: ``"kmeans"``, ``"gaussian"``, ``"agglomerative"`` or ``"hdbscan"``
            (:mod:`~personaspace.persona.clustering.algorithms`).
        smallest: Members a cluster must have; 1 allows single respondents. By default 30 (5% of a survey of fewer
            than 600) and 1% of the weight. Smaller clusters stay only if they are found again
            (:func:`~personaspace.persona.clustering.validity.evidence`); the members of the others join the nearest cluster.
        seed: Seed of every random choice.

    Raises:
        SettingError: k is neither a rule nor a whole number; the method finds k itself and is given one; smallest is
            not a whole number from 1.
        UnknownNameError: There is no such method.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> from personaspace.embedding.factorization.model import Factorization
        >>> space = Factorization(dim=8, seed=0).fit(simulate(respondents=300, seed=0))
        >>> ClusterPersonas(k=3, seed=0).fit(space).names
        ('cluster-1', 'cluster-2', 'cluster-3')
    """

    k: int | Rule = "elbow"
    method: str = "kmeans"
    smallest: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        finds_k = clusterer_named(self.method).finds_k
        if self.k not in RULES and (not isinstance(self.k, int | np.integer) or isinstance(self.k, bool)):
            raise SettingError(f"k is {self.k!r}: give a whole number of clusters, or a rule to choose it: {_LISTED}")
        if finds_k and self.k not in RULES:
            raise SettingError(f"k is {self.k!r}, but {self.method} finds the number of clusters itself: leave k out")
        if self.smallest is not None:
            check_whole("smallest", self.smallest, least=1)

    def fit(self, embedder: Embedder, survey: Survey | None = None) -> Personas:
        """Cluster the embedder's respondents.

        Args:
            embedder: A fitted embedder.
            survey: The survey it was fitted on: brings weights, held-out answers, and the answers to other halves of
                the questions. Without it every respondent counts alike, and the loss is that of the answers the
                embedder itself expects.

        Returns:
            Personas ``"cluster-1"`` (the largest share), ``"cluster-2"``, ... with ``notes`` in words, the table
            ``clusters`` of every cluster found and of minorities within
            (:func:`~personaspace.persona.clustering.validity.minorities_within`), and where k was chosen the ``curve``.

        Raises:
            SettingError: k is not from 1 to the number of different vectors, or the method finds no cluster.
            SurveyError: A respondent of the embedder is not in the survey, or all have weight 0.
        """
        limit = floor(self.smallest, len(embedder.ids_))
        with _one_thread():
            resamples = _resamples(embedder, survey, self.method, limit.members, self.seed)
            alike = _alike(resamples.crowd)
            if alike:
                resamples = replace(resamples, clusterer=clusterer_named("kmeans"))
            chosen, found = self._found(resamples, alike)
            crowd, k = resamples.crowd, 0 if resamples.clusterer.finds_k else len(found.centres)
            clusters = evidence(crowd, found, resamples.found_again(found, k), limit, self.seed)
            kept = found.without(np.flatnonzero(clusters["verdict"] == "too small"), crowd.points)
            personas = grouped(embedder, kept.labels, crowd.weights, None, "cluster")
            rank = np.argsort(-_sizes(kept.labels, crowd.weights), kind="stable")
            names = tuple(personas.names[place] for place in np.argsort(rank))
            within = pd.DataFrame() if alike else minorities_within(resamples, kept.labels, names, self.seed)
        clusters.insert(0, "persona", _now(found.labels, kept.labels, names))
        clusters = pd.concat([clusters.sort_values("share", ascending=False, kind="stable"), within], ignore_index=True)
        outside = float(crowd.weights[kept.labels < 0].sum() / crowd.weights.sum())
        return Personas(
            personas,
            curve=None if chosen is None else chosen.curve,
            clusters=clusters,
            notes=(*_reasons(chosen, alike, len(kept.centres)), *validity_notes(clusters, limit, outside)),
            mixture=None if kept.clouds is None else crowd.space.mixture(kept.clouds.some(rank)),
        )

    def _found(self, resamples: Resamples, alike: bool) -> tuple[Chosen | None, Clustering]:
        """A clustering, and where its number was chosen how."""
        crowd = resamples.crowd
        if isinstance(self.k, str) and not alike:
            chosen, found = _chosen(resamples, KS, self.k, self.seed)
            return chosen, found[chosen.k]
        one = isinstance(self.k, str) or (alike and 1 <= self.k <= len(crowd.points))
        k = 1 if one else _checked(int(self.k), crowd)
        return None, resamples.clusterer(crowd.points, crowd.weights, k, self.seed, resamples.smallest)


class Chosen(NamedTuple):
    """A number of clusters and why.

    Attributes:
        k: The number.
        curve: The curve it was chosen from, see :func:`~personaspace.persona.clustering.choose_k.curve_of`.
        recommendation: What every rule chooses.
        words: What the curve shows and which rule was followed.
    """

    k: int
    curve: pd.DataFrame
    recommendation: Recommendation
    words: str


def choose_k(
    embedder: Embedder,
    survey: Survey | None = None,
    ks: Iterable[int] = KS,
    seed: int = 0,
    by: Rule = "elbow",
    method: str = "kmeans",
) -> Chosen:
    """Choose the number of clusters.

    For each k every respondent is replaced by the centroid of the cluster, and the embedder predicts from there:
    loss(k) = -mean log p_c(i)(y), over held-out answers y of respondents i. These are the answers no stage trains on
    (:func:`personaspace.survey.split.validation_mask`). Without a survey, or in one too small to hold any out, it is
    the answers the embedder expects, -sum_i sum_o p_i(o) log p_c(i)(o), as if everybody had answered everything.
    Silhouette and stability stand beside it.

    With both axes scaled to [0, 1] the elbow is the k that lies farthest below the chord between the curve's ends;
    it depends on which ks are tried.

    Args:
        embedder: A fitted embedder.
        survey: The survey it was fitted on, with its answers and weights.
        ks: The numbers to try; those above the number of different vectors are left out.
        seed: Seed of every random choice.
        by: The rule.
        method: How to cluster.

    Returns:
        The number chosen, the curve and the reasons.

    Raises:
        SettingError: No k to try lies between 1 and the number of different vectors, or there is no such rule.
        UnknownNameError: There is no such method.
        SurveyError: A respondent of the embedder is not in the survey, or all have weight 0.
    """
    with _one_thread():
        least = floor(None, len(embedder.ids_)).members
        return _chosen(_resamples(embedder, survey, method, least, seed), ks, by, seed)[0]


def _chosen(resamples: Resamples, ks: Iterable[int], rule: str, seed: int) -> tuple[Chosen, dict[int, Clustering]]:
    if rule not in RULES:
        raise SettingError(f"k is {rule!r}: give a whole number of clusters, or a rule to choose it: {_LISTED}")
    curve, found = curve_of(resamples, ks, seed)
    advice = recommend(curve, resamples.smallest)
    k: int = getattr(advice, rule)
    taken = "" if len(curve) == 1 else f" Taken here: {k}, by the rule {rule}."
    return Chosen(k, curve, advice, advice.words + taken), found


def _resamples(embedder: Embedder, survey: Survey | None, method: str, smallest: int, seed: int) -> Resamples:
    clusterer = clusterer_named(method)
    return Resamples(Population.of(embedder, survey), clusterer, seed, smallest)


def _one_thread() -> AbstractContextManager[object]:
    """Threads that wait for a busy core make many short steps up to 90 times slower."""
    from sklearn.utils.parallel import ThreadpoolController

    context: AbstractContextManager[object] = ThreadpoolController().limit(limits=1)
    return context


def _alike(crowd: Population) -> bool:
    """Whether two or more respondents, all who count, are expected to answer alike."""
    counted = crowd.points[crowd.weights > 0].astype(np.float64)
    return len(counted) > 1 and bool(counted.var(axis=0).sum() < ALIKE**2 * len(crowd.embedder.questions_))


def _reasons(chosen: Chosen | None, alike: bool, kept: int) -> tuple[str, ...]:
    """Why there are so many personas."""
    if alike:
        return ("Nobody is expected to answer otherwise than anybody else: there is one persona.",)
    if chosen is None:
        return ()
    if kept == chosen.k:
        return (chosen.words,)
    return (f"{chosen.words.removesuffix('.')}; {kept} of these {chosen.k} are kept, the others are too small.",)


def _checked(k: int, crowd: Population) -> int:
    if not 1 <= k <= crowd.distinct:
        raise SettingError(
            f"k is {k}, but {len(crowd.points)} respondents with {crowd.distinct} different vectors make "
            f"1 to {crowd.distinct} clusters"
        )
    return int(k)


def _sizes(labels: IntArray, weights: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(labels[labels >= 0], weights[labels >= 0]), np.float64)


def _now(before: IntArray, after: IntArray, names: tuple[str, ...]) -> list[str]:
    """The persona that most members of each cluster are in."""
    return [names[np.bincount(after[before == cluster]).argmax()] for cluster in range(before.max() + 1)]


_LISTED = ", ".join(repr(rule) for rule in RULES)
