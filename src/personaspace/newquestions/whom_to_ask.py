r"""Whom to ask a new question: respondents who together stand for everybody.

The people asked should lie, on average, where everybody lies. How far along an axis that matters is how much a new
question's slopes along it vary, so with x the place of a respondent and s the scale of the slopes, people are chosen
one after the other, each the one who brings the mean of s x over those asked nearest to that of the population (kernel
herding with a linear kernel, Chen, Welling and Smola 2010, arXiv 1203.3472). A design that asks whoever tells most
under the model (I-optimal) picks people at the edges, and its pilots predicted worse than people drawn at random.

An answer at x has Fisher's information A'A about the option weights (:meth:`Posterior.information`, in units of the
posterior). Everybody's probabilities move with the weights by J(x), so that after these answers their mean variance is
expected to be

    trace(Phi C),    Phi = weighted mean of J'J over the population,    C = (I + sum over those asked of A'A)^-1.
"""

from __future__ import annotations

import numpy as np

from personaspace.newquestions.posterior import Posterior
from personaspace.survey.arrays import FloatArray, IntArray

DIRECTIONS = 60
"""Directions of the weights that count: those along which everybody's probabilities move most."""


def whom_to_ask(
    belief: Posterior,
    places: FloatArray,
    weight: FloatArray,
    candidates: IntArray,
    room: IntArray,
    n: int,
    asked: IntArray | None = None,
) -> tuple[IntArray, FloatArray]:
    """Choose respondents who, with those asked already, stand for everybody.

    Args:
        belief: What is known of the question.
        places: The population in standard deviations along the axes, shape ``[respondents, axes]``.
        weight: Of each respondent, summing to 1, shape ``[respondents]``.
        candidates: Rows of those who may be asked.
        room: The group of each candidate, from 0, shape ``[candidates]``; of a group no more than its share of the
            candidates is chosen, rounded up.
        n: How many to choose.
        asked: Rows of those who have answered already.

    Returns:
        Their rows in the order chosen, shape ``[n]`` or fewer where there are fewer candidates, and the mean variance
        expected after each as a share of today's.
    """
    scaled = places * belief.prior.slope_scale
    target, known = weight @ scaled, [] if asked is None else asked.tolist()
    total, left, chosen = scaled[known].sum(axis=0), np.arange(len(candidates)), list[int]()
    free = np.ceil(np.bincount(room) * n / len(candidates)).astype(np.int64)
    for place in range(len(known) + 1, len(known) + min(n, len(candidates)) + 1):
        away = (total + scaled[candidates[left]]) / place - target
        best = int(np.square(away).sum(axis=1).argmin())
        chosen.append(int(candidates[left[best]]))
        total += scaled[chosen[-1]]
        free[room[left[best]]] -= 1
        left = np.delete(left, best)
        left = left[free[room[left]] > 0]
    return np.array(chosen, dtype=np.int64), _remaining(belief, places, weight, chosen)


def _remaining(belief: Posterior, places: FloatArray, weight: FloatArray, chosen: list[int]) -> FloatArray:
    """The mean variance of everybody's probabilities expected after each answer, as a share of today's."""
    variances, directions = np.linalg.eigh(belief.sensitivity(places, weight))
    counted = min(DIRECTIONS, len(variances))
    variances, directions = variances[-counted:], directions[:, -counted:]
    covariance, remaining = np.eye(counted), list[float]()
    for told in belief.information(places[chosen]) @ directions:
        spread = told @ covariance
        covariance -= spread.T @ np.linalg.solve(spread @ told.T + np.eye(len(told)), spread)
        remaining.append(float(variances @ np.diag(covariance) / variances.sum()))
    return np.array(remaining)
