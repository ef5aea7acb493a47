r"""Whom to ask a new question: the respondents whose answers would tell most about everybody's.

An answer at x has Fisher's information A'A about the option weights (:meth:`Posterior.information`, in units of the
posterior). Everybody's probabilities move with the weights by J(x), so that their mean variance is

    trace(Phi C),    Phi = weighted mean of J'J over the population,    C = (I + sum over those asked of A'A)^-1.

Respondents are chosen one after the other, each the one who lowers it most: a greedy I-optimal design (Fedorov 1972;
Atkinson, Donev and Tobias 2007, section 10.6).
"""

from __future__ import annotations

import numpy as np

from personaspace.newquestions.posterior import Posterior
from personaspace.survey.arrays import FloatArray, IntArray

DIRECTIONS = 60
"""Directions of the weights that count: those along which everybody's probabilities move most."""


def whom_to_ask(
    belief: Posterior, places: FloatArray, weight: FloatArray, candidates: IntArray, room: IntArray, n: int
) -> tuple[IntArray, FloatArray]:
    """Choose the respondents whose answers would tell most about everybody's.

    Args:
        belief: What is known of the question.
        places: The population in standard deviations along the axes, shape ``[respondents, axes]``.
        weight: Of each respondent, summing to 1, shape ``[respondents]``.
        candidates: Rows of those who may be asked.
        room: The group of each candidate, from 0, shape ``[candidates]``; of a group no more than its share of the
            candidates is chosen, rounded up.
        n: How many to choose.

    Returns:
        Their rows in the order chosen, shape ``[n]`` or fewer where there are fewer candidates, and the mean variance
        expected after each as a share of today's.
    """
    variances, directions = np.linalg.eigh(belief.sensitivity(places, weight))
    counted = min(DIRECTIONS, len(variances))
    variances, directions = variances[-counted:], directions[:, -counted:]
    told = belief.information(places[candidates]) @ directions
    covariance, free = np.eye(counted), np.ceil(np.bincount(room) * n / len(candidates)).astype(np.int64)
    left, chosen, remaining = np.arange(len(candidates)), list[int](), list[float]()
    for _ in range(min(n, len(candidates))):
        spread = told[left] @ covariance
        inner = spread @ told[left].transpose(0, 2, 1) + np.eye(told.shape[1])
        gained = np.einsum("nap,p,nbp->nab", spread, variances, spread, optimize=True)
        best = int(np.trace(np.linalg.solve(inner, gained), axis1=1, axis2=2).argmax())
        covariance -= spread[best].T @ np.linalg.solve(inner[best], spread[best])
        chosen.append(int(candidates[left[best]]))
        remaining.append(float(variances @ np.diag(covariance) / variances.sum()))
        free[room[left[best]]] -= 1
        left = np.delete(left, best)
        left = left[free[room[left]] > 0]
    return np.array(chosen, dtype=np.int64), np.array(remaining)
