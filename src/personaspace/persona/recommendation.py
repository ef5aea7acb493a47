"""Which number of clusters to take, by rule and in words, from the curve alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from personaspace.persona.curve import elbow
from personaspace.survey.survey import FloatArray

REACH = 2
"""How far from the elbow stability may lead."""

STRUCTURE = ((0.7, "strong"), (0.5, "reasonable"), (0.25, "weak"))
"""Silhouettes above which structure is called so (Kaufman and Rousseeuw 1990, table 4)."""


class Recommendation(NamedTuple):
    """The k each rule chooses, and the words for it.

    Attributes:
        elbow: See :func:`~personaspace.persona.curve.elbow`.
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
