"""Total variation between two samples of answers, corrected for chance.

TV(P, Q) = 1/2 sum_o |P(o) - Q(o)| of two small samples from the same distribution is well above 0. Split halves remove
this bias: take the sign of every difference from one half of the samples and its size from the other. The result is 0
on average where the distributions are equal, and TV where they differ much. Its mean over all splits, for differences
d_o that are normal with standard deviation s_o, is

    1/2 sum_o s_o (t_o (1 - 2 Phi(-t_o)) - 2 phi(t_o)),   t_o = |d_o| / s_o,

which is what :func:`corrected` computes. On average it never exceeds TV; it may fall a little below 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from personaspace.profiles.shares import Shares
from personaspace.profiles.statistics import difference
from personaspace.survey.arrays import FloatArray
from personaspace.survey.normal import Z95


def corrected(between: FloatArray, deviation: FloatArray) -> FloatArray:
    """Each option's part of TV, corrected for chance.

    Args:
        between: d_o, any shape.
        deviation: s_o, of the same shape; 0 where a difference is known for certain.

    Returns:
        1/2 s (t (1 - 2 Phi(-t)) - 2 phi(t)), of the same shape.

    Example:
        >>> corrected(np.array([0.0, 0.1, 0.5]), np.array([0.1, 0.1, 0.1])).round(3).tolist()
        [-0.04, 0.01, 0.25]
    """
    size = np.abs(between)
    t = np.divide(size, deviation, out=np.full_like(size, np.inf), where=deviation > 0)
    chance = deviation * 2 * np.exp(-(np.minimum(t, 40.0) ** 2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray((size * (1 - 2 * ndtr(-t)) - chance) / 2)


def from_population(shares: Shares) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Total variation between each group's answers and the population's.

    Args:
        shares: Of answers.

    Returns:
        TV, corrected TV, and the ends of its 95% interval, each of shape ``[groups, questions]``, NaN where nobody
        answered. With O+ the options over-chosen relative to the population, TV = P(O+) - Q(O+) is a difference of
        shares and has its interval (:func:`~personaspace.profiles.statistics.difference`). The correction is
        subtracted from the lower end, which chance raises by as much. The upper end stays, since differences of other
        signs with as large a TV may be the true ones.
    """
    excess = shares.share - shares.population
    tv = shares.over_blocks(np.abs(excess)) / 2
    pooled = shares.population * (1 - shares.population)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(pooled / shares.over_options(shares.contrast_size))
    fair = shares.over_blocks(corrected(excess, deviation))
    more = np.where(excess > 0, 1.0, 0.0)
    share, rest = (shares.over_blocks(more * part) for part in (shares.share, np.nan_to_num(shares.rest)))
    low, high = difference(share, shares.size, rest, shares.rest_size, shares.part)
    return tv, fair, np.clip(fair - (tv - low), 0, 1), np.clip(high, 0, 1)


def between_groups(
    shares: Shares, valid: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean total variation between the answers of pairs of groups.

    Args:
        shares: Of answers; groups do not overlap.
        valid: 1 where a group's answers to a question count, shape ``[groups, questions]``.

    Returns:
        Mean TV, corrected mean TV, the ends of its 95% interval, and the number of pairs, each of shape
        ``[questions]``; NaN where there is no pair. With the signs of the differences held fixed, the mean
        TV is a weighted sum of shares, sum_g sum_o c_go P_g(o): its variance is the sum over groups of
        var_g(c) / n_g.
    """
    use = shares.over_options(valid)
    share = np.where(use > 0, np.nan_to_num(shares.share), 0.0)
    size = np.maximum(np.where(valid > 0, shares.size, 1.0), 1e-12)
    pairs = _pairs(valid.sum(axis=0))
    tv, fair = np.zeros((2, len(shares.offsets) - 1))
    direction = np.zeros_like(share)
    for group in range(len(share) - 1):
        other = slice(group + 1, None)
        both = use[group] * use[other]
        between = (share[group] - share[other]) * both
        n, m = size[group], size[other]
        pooled = (share[group] * shares.over_options(n) + share[other] * shares.over_options(m)) / (
            shares.over_options(n + m)
        )
        deviation = np.sqrt(np.maximum(pooled * (1 - pooled), 0) * shares.over_options(1 / n + 1 / m)) * both
        tv += shares.over_blocks(np.abs(between)).sum(axis=0) / 2
        fair += shares.over_blocks(corrected(between, deviation)).sum(axis=0)
        direction[group] += np.sign(between).sum(axis=0)
        direction[other] -= np.sign(between)
    mean = shares.over_blocks(share * direction)
    variance = (shares.over_blocks(share * (direction - shares.over_options(mean)) ** 2) / size).sum(axis=0) / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        tv, fair, half = tv / pairs, fair / pairs, Z95 * np.sqrt(variance) / pairs
    return tv, fair, np.clip(fair - half, 0, 1), np.clip(tv + half, 0, 1), pairs


def _pairs(groups: FloatArray) -> FloatArray:
    return groups * (groups - 1) / 2
