"""For whom predictions fail: the accuracy of the groups of a trait."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from personaspace.evaluation.measures.averages import ratio, weights_of
from personaspace.evaluation.measures.metrics import own_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import FloatArray, IntArray

SMALLEST = 50
"""Fewest respondents of a group."""


def usable_groups(values: pd.Series, predictions: Predictions) -> IntArray:
    """The group of each respondent, counted from 0; -1 without a value, or in a group with fewer than 50 who answered.

    Args:
        values: A trait's value of each respondent, or missing.
        predictions: Predictions of these respondents.
    """
    code = pd.factorize(values)[0]
    answering = np.zeros(len(code), np.bool_)
    answering[predictions.respondent] = True
    counts = np.bincount(code[answering & (code >= 0)], minlength=code.max(initial=-1) + 1)
    number = np.where(counts >= SMALLEST, np.cumsum(counts >= SMALLEST) - 1, -1)
    return np.where((code >= 0) & answering, np.append(number, -1)[code], -1)


def measure_parity(
    predictions: Predictions, weights: FloatArray | None, groups: Mapping[str, IntArray]
) -> dict[str, FloatArray]:
    """Per trait the macro accuracy of the worst group, and by how much the best is better.

    Args:
        predictions: Predictions and answers.
        weights: Weights of the respondents, shape ``[respondents]`` or ``[resamples, respondents]``.
        groups: By trait the group of each respondent, at least two groups; -1 for none, or without answers.

    Returns:
        ``worst_group: TRAIT`` and ``parity_gap: TRAIT``, one value per row of ``weights`` each.

    Example:
        >>> p = Predictions([[0.9, 0.1]] * 3, [0, 1, 0], [0, 1, 2], [0] * 3, [[0, 1]])
        >>> found = measure_parity(p, None, {"sex": np.array([0, 0, 1])})
        >>> print(found["worst_group: sex"], found["parity_gap: sex"])
        0.5 0.5
    """
    if not groups:
        return {}
    own = np.nan_to_num(own_accuracy(predictions))[:, None]
    members = [(group[:, None] == np.arange(group.max() + 1)).astype(np.float64) for group in groups.values()]
    sums = weights_of(predictions, weights) @ np.hstack([*members, *(member * own for member in members)])
    size, right = np.split(sums, 2, axis=-1)
    ends = np.cumsum([member.shape[1] for member in members])[:-1]
    found = {}
    for trait, accuracy in zip(groups, np.split(ratio(right, size), ends, axis=-1), strict=True):
        found[f"worst_group: {trait}"] = accuracy.min(axis=-1)
        found[f"parity_gap: {trait}"] = accuracy.max(axis=-1) - accuracy.min(axis=-1)
    return found
