"""Choosing k: the loss curve, its elbow, the silhouette, stability, and a recommendation in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering, clusterer_named, one_thread
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.gain import ALL_ALIKE, NO_GROUPS, Gain, beside_one
from personaspace.persona.clustering.loss_curve import curve_of
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import size_floor
from personaspace.persona.method_effects import effects_in_words
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey

Rule = Literal["elbow", "silhouette", "stability", "recommended"]
RULES: tuple[Rule, ...] = get_args(Rule)
LISTED = ", ".join(map(repr, RULES))

KS = range(2, 16)
"""The numbers of clusters tried where k is to be chosen."""

REACH = 2
"""Largest distance between the elbow and the recommended k."""

STRUCTURE = ((0.7, "strong"), (0.5, "reasonable"), (0.25, "weak"))
"""Silhouettes above which structure is called so (Kaufman and Rousseeuw 1990, table 4)."""


Curve = Mapping[int, Mapping[Hashable, Any]]


class Recommendation(NamedTuple):
    """The k that each rule chooses, and a summary of the curve in words.

    Attributes:
        elbow: See :func:`elbow`; 1 where no k predicts better than one cluster.
        silhouette: The k of the highest silhouette.
        stability: The k of the highest stability.
        recommended: The most stable k within two of the elbow; 1 where no k predicts better than one cluster.
        words: The summary, a paragraph.
    """

    elbow: int
    silhouette: int
    stability: int
    recommended: int
    words: str


class Chosen(NamedTuple):
    """A number of clusters and the reasons for it.

    Attributes:
        k: The number.
        curve: The curve it was chosen by, see :func:`~personaspace.persona.clustering.loss_curve.curve_of`.
        recommendation: The choices of all rules.
        words: A summary of the curve, the rule that was followed, and the method effects in the clusters chosen
            (:func:`~personaspace.persona.method_effects.method_effects`).
    """

    k: int
    curve: pd.DataFrame
    recommendation: Recommendation
    words: str


def choose_k(
    embedder: Embedder,
    survey: Survey | None = None,
    *,
    ks: Iterable[int] = KS,
    by: Rule = "elbow",
    method: str = "kmeans",
    seed: int = 0,
) -> Chosen:
    """Choose the number of clusters by the elbow of a loss curve, the silhouette, or stability.

    For each k every respondent is replaced by the centroid of their cluster, and the embedder predicts from there:
    loss(k) = -mean log p_c(i)(y), over the validation answers y of respondents i
    (:func:`personaspace.survey.validation.validation_mask`), with clusters assigned and centroids computed from
    vectors without these answers. Without a survey, or in one too small to have validation answers, it is taken over
    the answers the embedder expects of everybody: -sum_i sum_o p_i(o) log p_c(i)(o).

    One cluster is the reference. Where no k tried predicts validation answers significantly better than one cluster
    of everybody (:meth:`~personaspace.persona.clustering.validity.GroupAnswers.gain_over_one`), the rules ``"elbow"``
    and ``"recommended"`` choose 1, whichever ks are tried, and the words say so.

    Args:
        embedder: A fitted embedder.
        survey: The survey it was fitted on, with its answers and weights.
        ks: The numbers to try; those above the number of different vectors are left out.
        by: The rule: ``"elbow"``, ``"silhouette"``, ``"stability"`` or ``"recommended"`` (:func:`recommend`).
        method: The clustering algorithm (:mod:`~personaspace.persona.clustering.algorithms`).
        seed: Seed of every random choice.

    Returns:
        The number chosen, the curve and the reasons.

    Raises:
        SettingError: No k to try lies between 1 and the number of different vectors, two or more, or there is no such
            rule.
        UnknownNameError: There is no such method.
        SurveyError: A respondent of the embedder is not in the survey, or all have weight 0.
    """
    clusterer = clusterer_named(method)
    with one_thread():
        smallest = size_floor(None, len(embedder.ids_)).members
        population = Population.of(embedder, survey)
        chosen, found = chosen_by(Resamples(population, clusterer, seed, smallest), ks, by, seed)
        effects = effects_in_words(population.method_effects(found[chosen.k].labels))
    return chosen._replace(words=f"{chosen.words} {effects}".rstrip())


def chosen_by(resamples: Resamples, ks: Iterable[int], rule: str, seed: int) -> tuple[Chosen, dict[int, Clustering]]:
    """Choose k by a rule; see :func:`choose_k`. Also returns the clustering of every k tried."""
    if rule not in RULES:
        raise SettingError(f"k is {rule!r}: give a whole number of clusters, or a rule to choose it: {LISTED}")
    curve, found = curve_of(resamples, ks, seed)
    advice = recommend(curve, resamples.smallest)
    k: int = getattr(advice, rule)
    if k == 1:
        found[1] = clusterer_named("kmeans")(resamples.population.points, resamples.population.weights, 1, seed, 1)
    followed = "" if len(curve) == 1 else f" Chosen by the rule {rule!r}: {k}."
    words = ALL_ALIKE if resamples.population.distinct == 1 else advice.words + followed
    return Chosen(k, curve, advice, words), found


def elbow(ks: list[int], losses: FloatArray) -> int:
    """The k whose point lies farthest below the chord between the curve's ends (Kneedle, Satopaa et al. 2011).

    Both axes are scaled to [0, 1], so that the elbow depends on which ks are tried.

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


def recommend(curve: pd.DataFrame, least: int = 1) -> Recommendation:
    """Choose k by every rule, and summarize the curve in words.

    Stability is the mean of both adjusted Rand indices, or the one that could be measured. The recommended k is the
    most stable one within two of the elbow: the elbow tells how many personas are worth having, stability which of
    them would be found again. Numbers whose smallest cluster has fewer than ``least`` members are passed over if
    others are left. Ties go to the smaller k. Where the gain over one cluster was measured and its interval lies above
    0 for no k, both elbow and recommended k are 1: these answers do not show that there are groups.

    Args:
        curve: Columns ``k, loss, gain, low, high, silhouette, ari_respondents, ari_questions, smallest``
            (:func:`~personaspace.persona.clustering.loss_curve.curve_of`), k ascending.
        least: Members a cluster should have.

    Example:
        >>> curve = pd.DataFrame({"k": [2, 3, 4], "loss": [1.0, 0.5, 0.4], "gain": [0.1, 0.6, 0.7],
        ...                       "low": [0.0, 0.5, 0.5], "high": [0.2, 0.7, 0.9], "silhouette": [0.3, 0.6, 0.4],
        ...                       "ari_respondents": [0.5, 0.9, 0.6], "ari_questions": [0.5, 0.8, 0.4],
        ...                       "smallest": [90, 70, 40]})
        >>> recommend(curve).recommended, recommend(curve.assign(low=-0.1)).recommended
        (3, 1)
    """  # fmt: skip
    ks = curve["k"].tolist()
    bend = elbow(ks, curve["loss"].to_numpy())
    stable = curve[["ari_respondents", "ari_questions"]].mean(axis=1).to_numpy()
    near = np.abs(curve["k"].to_numpy() - bend) <= REACH
    large = near & (curve["smallest"].to_numpy() >= least)
    eligible = large if large.any() else near
    recommended = _best(ks, np.where(eligible, stable, np.nan), otherwise=bend)
    silhouettes = curve["silhouette"].to_numpy()
    rules = bend, _best(ks, silhouettes, otherwise=bend), _best(ks, stable, otherwise=bend), recommended
    floor = least if (eligible != near).any() else None
    by_k = {row["k"]: row for row in curve.to_dict("records")}
    tested = curve[(curve["k"] > 1) & curve["gain"].notna()]
    if len(tested) and not (tested["low"] > 0).any():
        return Recommendation(1, rules[1], rules[2], 1, _one_persona({k: by_k[k] for k in tested["k"]}))
    return Recommendation(*rules, _words(by_k, *rules, floor))


def _best(ks: list[int], values: FloatArray, otherwise: int) -> int:
    return otherwise if np.isnan(values).all() else ks[int(np.nanargmax(values))]


def _words(curve: Curve, bend: int, silhouette: int, stability: int, recommended: int, floor: int | None) -> str:
    if len(curve) == 1:
        if bend == 1:
            return "Recommended: 1 persona. No other number of clusters was tried."
        parts = (beside_one(bend, _gain(curve, bend)), _agreement(curve, bend), _structure(curve, silhouette))
        return " ".join([f"The method finds {bend} clusters.", *(part for part in parts if part)])
    low, high = max(min(curve), bend - REACH), min(max(curve), bend + REACH)
    stable = "it is also the most stable number" if recommended == bend else f"k = {recommended} is the most stable"
    if not _agreement(curve, recommended):
        stable = "stability could not be measured"
    elif floor is not None:
        stable += f" without a cluster of fewer than {floor} respondents"
    sentences = [
        f"Recommended: {recommended} personas.",
        f"The elbow of the loss is at k = {bend}; from {low} to {high}, {stable}.",
        *_compared(curve, recommended),
        _agreement(curve, recommended),
        _agreement(curve, bend) if bend != recommended else "",
        "" if stability in (recommended, bend) else f"Of all numbers tried, k = {stability} is the most stable.",
        _structure(curve, silhouette),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _one_persona(curve: Curve) -> str:
    """Why one persona is recommended where no number of clusters predicts better."""
    best = _best_gain(curve)
    reason = beside_one(best, _gain(curve, best))
    if len(curve) > 1:
        reason = (
            f"No number of clusters from {min(curve)} to {max(curve)} predicts validation answers significantly better "
            f"than one cluster of everybody does; the best is {best}, by {_gain(curve, best)}."
        )
    return (
        f"Recommended: 1 persona. {reason} {NO_GROUPS} To divide people all the same, into regions and not types, give "
        "a number: --clusters kmeans --personas 6, or k=6 in Python."
    )


def _compared(curve: Curve, k: int) -> list[str]:
    """How k clusters predict beside one, and if not better, which number does."""
    if k == 1 or not curve[k]["low"] <= 0:
        return [beside_one(k, _gain(curve, k))] if k > 1 else []
    best = _best_gain(curve)
    return [beside_one(k, _gain(curve, k)), f"The largest gain is that of {best}: {_gain(curve, best)}."]


def _best_gain(curve: Curve) -> int:
    return max(curve, key=lambda k: float(curve[k]["gain"]))


def _gain(curve: Curve, k: int) -> Gain:
    return Gain(*(float(curve[k][name]) for name in Gain._fields))


def _agreement(curve: Curve, k: int) -> str:
    """How stable k clusters are."""
    parts = [
        f"{curve[k][column]:.2f} over random halves of the {halves}"
        for column, halves in (("ari_respondents", "respondents"), ("ari_questions", "questions"))
        if not np.isnan(curve[k][column])
    ]
    return f"Stability of {k} clusters (adjusted Rand index): {' and '.join(parts)}." if parts else ""


def _structure(curve: Curve, k: int) -> str:
    """What the highest silhouette says about gaps between clusters."""
    value = curve[k]["silhouette"]
    if np.isnan(value):
        return ""
    gaps = "no clear gaps between clusters, so personas are regions of a continuum rather than distinct types"
    words = [f"{word} structure" for least, word in STRUCTURE if value > least]
    return f"The silhouette is highest at k = {k} ({value:.2f}): {(words or [gaps])[0]}."
