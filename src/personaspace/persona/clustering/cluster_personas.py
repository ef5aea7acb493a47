"""Cluster personas: the centroids of clusters of respondents who are expected to answer alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering, clusterer_named, one_thread
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.choose_k import KS, LISTED, RULES, Chosen, Rule, chosen_by
from personaspace.persona.clustering.gain import ALL_ALIKE, NO_GROUPS, beside_one
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import (
    GroupAnswers,
    cluster_validity,
    minorities_within,
    size_floor,
    validity_notes,
)
from personaspace.persona.groups import grouped
from personaspace.persona.method_effects import effects_in_words
from personaspace.persona.personas import Personas
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.survey import Survey

ALIKE = 1e-4
"""Standard deviation of expected answers, per question, below which respondents differ only by rounding."""


def cluster_personas(
    embedder: Embedder,
    survey: Survey | None = None,
    *,
    k: int | Rule = "elbow",
    method: str = "kmeans",
    smallest: int | None = None,
    seed: int = 0,
) -> Personas:
    """Cluster respondents by the answers expected of them, and make each cluster a persona.

    Respondents are clustered in the space of expected answers
    (:class:`~personaspace.persona.clustering.answer_space.AnswerSpace`); a persona is the weighted mean of its
    members' vectors.

    Args:
        embedder: A fitted embedder.
        survey: The survey it was fitted on: brings weights, and the answers by which k is chosen and clusters are
            validated. Without it every respondent counts alike, and the loss is taken over the answers that the
            embedder itself expects.
        k: The number of clusters, or the rule that chooses it: ``"elbow"``, ``"silhouette"``, ``"stability"`` or
            ``"recommended"`` (:func:`~personaspace.persona.clustering.choose_k.choose_k`). HDBSCAN finds the number
            itself: leave the rule. Where no number of clusters predicts significantly better than one, ``"elbow"``
            and ``"recommended"`` give one persona.
        method: ``"kmeans"``, ``"gaussian"``, ``"agglomerative"`` or ``"hdbscan"``
            (:mod:`~personaspace.persona.clustering.algorithms`).
        smallest: Members a cluster must have; 1 allows single respondents. By default 30 (5% of a survey of fewer
            than 600) and 1% of the weight. Smaller clusters are kept only if they are found again and predict their
            members' answers (:func:`~personaspace.persona.clustering.validity.cluster_validity`); the members of the
            others join the nearest cluster.
        seed: Seed of every random choice.

    Returns:
        Personas ``"cluster-1"`` (the largest share), ``"cluster-2"``, ... with ``notes`` in words, the table
        ``clusters`` of every cluster found and of minorities within
        (:func:`~personaspace.persona.clustering.validity.minorities_within`), and the ``curve`` if k was chosen.

    Raises:
        SettingError: k is neither a rule nor a whole number from 1 to the number of different vectors; the method
            finds k itself and is given one, or finds no cluster; smallest is not a whole number from 1.
        UnknownNameError: There is no such method.
        SurveyError: A respondent of the embedder is not in the survey, or all have weight 0.

    Example:
        >>> from personaspace.embedding.factorization.model import Factorization
        >>> from personaspace.survey.simulate import simulate
        >>> embedder = Factorization(dim=8, seed=0).fit(simulate(respondents=300, seed=0))
        >>> cluster_personas(embedder, k=3, seed=0).names
        ('cluster-1', 'cluster-2', 'cluster-3')
    """
    check_clustering(k, method, smallest)
    floor = size_floor(smallest, len(embedder.ids_))
    with one_thread():
        population = Population.of(embedder, survey)
        alike = _alike(population)
        resamples = Resamples(population, clusterer_named("kmeans" if alike else method), seed, floor.members)
        chosen, found = _found(resamples, k, alike)
        asked = 0 if resamples.clusterer.finds_k else len(found.centres)
        clusters = cluster_validity(population, found, resamples.found_again(found, asked), floor, seed)
        kept = found.without(np.flatnonzero(clusters["verdict"] == "too small"), population.points)
        personas = grouped(embedder, kept.labels, population.weights, None, "cluster")
        rank = np.argsort(-_sizes(kept.labels, population.weights), kind="stable")
        names = tuple(personas.names[place] for place in np.argsort(rank))
        within = pd.DataFrame() if alike else minorities_within(resamples, kept.labels, names, seed)
        reasons = _reasons(chosen, alike, len(kept.centres)) if chosen or alike else _no_gain(population, found)
    clusters.insert(0, "persona", _persona_of(found.labels, kept.labels, names))
    clusters = pd.concat([clusters.sort_values("share", ascending=False, kind="stable"), within], ignore_index=True)
    outside = float(population.weights[kept.labels < 0].sum() / population.weights.sum())
    effects = effects_in_words(population.method_effects(kept.labels))
    return Personas(
        personas,
        curve=None if chosen is None else chosen.curve,
        clusters=clusters,
        notes=(*reasons, *filter(None, [effects]), *validity_notes(clusters, floor, outside)),
        mixture=None if kept.mixture is None else population.space.mixture(kept.mixture.some(rank)),
    )


def check_clustering(k: object, method: str, smallest: int | None = None) -> None:
    """Raise what :func:`cluster_personas` would for settings that no survey allows.

    Args:
        k: See :func:`cluster_personas`.
        method: See :func:`cluster_personas`.
        smallest: See :func:`cluster_personas`.

    Raises:
        SettingError: k is neither a rule nor a whole number; the method finds k itself and is given one; smallest is
            not a whole number from 1.
        UnknownNameError: There is no such method.
    """
    clusterer = clusterer_named(method)
    if k not in RULES and (not isinstance(k, int | np.integer) or isinstance(k, bool)):
        raise SettingError(f"k is {k!r}: give a whole number of clusters, or a rule to choose it: {LISTED}")
    if clusterer.finds_k and k not in RULES:
        raise SettingError(f"k is {k!r}, but {method} finds the number of clusters itself: leave k out")
    if smallest is not None:
        check_whole("smallest", smallest, least=1)


def _found(resamples: Resamples, k: int | Rule, alike: bool) -> tuple[Chosen | None, Clustering]:
    """The clustering, and if a rule chose its k, the choice."""
    population = resamples.population
    if isinstance(k, str) and not alike:
        chosen, found = chosen_by(resamples, KS, k, resamples.seed)
        return chosen, found[chosen.k]
    one = isinstance(k, str) or (alike and 1 <= k <= len(population.points))
    number = 1 if one else _possible(int(k), population)
    return None, resamples.clusterer(population.points, population.weights, number, resamples.seed, resamples.smallest)


def _possible(k: int, population: Population) -> int:
    if not 1 <= k <= population.distinct:
        raise SettingError(
            f"k is {k}, but {len(population.points)} respondents with {population.distinct} different vectors make "
            f"1 to {population.distinct} clusters"
        )
    return k


def _alike(population: Population) -> bool:
    """Whether two or more respondents, all who have a weight, are expected to answer alike."""
    counted = population.points[population.weights > 0].astype(np.float64)
    questions = len(population.embedder.questions_)
    return len(counted) > 1 and bool(counted.var(axis=0).sum() < ALIKE**2 * questions)


def _reasons(chosen: Chosen | None, alike: bool, kept: int) -> tuple[str, ...]:
    """Why there is this number of personas: they are all alike, or it was chosen."""
    if alike or chosen is None:
        return (ALL_ALIKE,)
    if kept == chosen.k:
        return (chosen.words,)
    return (f"{chosen.words.removesuffix('.')}; {kept} of these {chosen.k} are kept, the others are too small.",)


def _no_gain(population: Population, given: Clustering) -> tuple[str, ...]:
    """State, if so, that a number of clusters that was given predicts no better than one."""
    answers = GroupAnswers.of(population)
    if answers is None or len(given.centres) == 1:
        return ()
    gain = answers.gain_over_one(population.blind_labels(given))
    return (f"{beside_one(len(given.centres), gain)} {NO_GROUPS}",) if gain.low <= 0 else ()


def _sizes(labels: IntArray, weights: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(labels[labels >= 0], weights[labels >= 0]), np.float64)


def _persona_of(before: IntArray, after: IntArray, names: tuple[str, ...]) -> list[str]:
    """The persona that most members of each cluster are in."""
    return [names[np.bincount(after[before == cluster]).argmax()] for cluster in range(before.max() + 1)]
