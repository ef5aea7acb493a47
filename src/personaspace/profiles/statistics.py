"""Intervals and significance tests for weighted shares.

Unequal weights make a share less precise than its number of answers suggests. Everything here uses the *effective
sample size* (sum w)^2 / sum w^2 (Kish 1965) in place of n.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc
from scipy.stats import false_discovery_control

from personaspace.survey.arrays import FloatArray
from personaspace.survey.normal import Z95


def effective_size(weight: FloatArray, squares: FloatArray) -> FloatArray:
    """Kish's effective sample size (Kish 1965).

    Args:
        weight: Sums of weights, any shape.
        squares: Sums of squared weights, of the same shape.

    Returns:
        weight^2 / squares, 0 where all weights are 0.

    Example:
        >>> effective_size(np.array([4.0, 4.0, 0.0]), np.array([4.0, 10.0, 0.0]))
        array([4. , 1.6, 0. ])
    """
    return np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)


def wilson(share: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Wilson's 95% interval of a share, on the effective sample size.

    Franco, Little, Louis and Slud (Journal of Survey Statistics and Methodology 7, 2019) compare intervals for
    weighted shares and recommend this one: it covers well near 0 and 1, where share +- 1.96 se does not.

    Args:
        share: In [0, 1], any shape.
        size: Effective sample sizes, broadcast against ``share``.

    Returns:
        Lower and upper end; 0 and 1 where the size is 0 and a share is known, NaN where the share is NaN.

    Example:
        >>> [end.round(3).tolist() for end in wilson(np.array([0.0, 0.5]), np.array([10.0, 100.0]))]
        [[0.0, 0.404], [0.278, 0.596]]
    """
    slack = Z95**2
    middle = (size * share + slack / 2) / (size + slack)
    half = np.sqrt(slack * (size * share * (1 - share) + slack / 4)) / (size + slack)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def difference(
    share: FloatArray, size: FloatArray, rest: FloatArray, rest_size: FloatArray, part: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Newcombe's 95% interval of a group's share minus the population's, the group being part of the population.

    share - population = (1 - part) (share - rest), and group and rest are independent samples. Newcombe's interval of
    their difference (Statistics in Medicine 17, 1998, method 10) combines the two Wilson intervals: it adds the
    squared distances from each share to the ends of its interval.

    Args:
        share: The group's share.
        size: The group's effective sample size.
        rest: The share in the rest of the population.
        rest_size: Its effective sample size.
        part: The group's part of the population's weight, in [0, 1].

    Returns:
        Lower and upper end; 0 and 0 where the group is the whole population.
    """
    (low, high), (rest_low, rest_high) = wilson(share, size), wilson(rest, rest_size)
    apart, between = 1 - part, share - rest
    lower = apart * (between - np.hypot(share - low, rest_high - rest))
    upper = apart * (between + np.hypot(high - share, rest - rest_low))
    return np.where(apart > 0, lower, 0.0), np.where(apart > 0, upper, 0.0)


def contrast_size(size: FloatArray, rest_size: FloatArray, part: FloatArray) -> FloatArray:
    """Effective sample size of the difference between a group's share and the population's.

    It is the n for which p(1 - p)/n is the variance of share - population if group and rest have the same share p:
    1 / ((1 - part)^2 (1/size + 1/rest_size)). Infinite where the group is the whole population.

    Args:
        size: The group's effective sample size.
        rest_size: That of the rest of the population.
        part: The group's part of the population's weight, in [0, 1].
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part < 1, 1 / ((1 - part) ** 2 * (1 / size + 1 / rest_size)), np.inf)


def exact_p(share: FloatArray, population: FloatArray, size: FloatArray) -> FloatArray:
    """Exact two-sided binomial p-value of a share; sizes need not be whole numbers.

    The tails are those of Clopper and Pearson with the effective sample size in place of n (Korn and Graubard, Survey
    Methodology 24, 1998).

    Args:
        share: Observed.
        population: Expected, broadcast against ``share``.
        size: Effective sample sizes.

    Returns:
        p-values; 1 where there is nothing to test (a size of 0 or infinity, or a share that is NaN).

    Example:
        >>> exact_p(np.array([0.5, 0.9]), np.array([0.5, 0.5]), np.array([10.0, 10.0])).round(3).tolist()
        [1.0, 0.021]
    """
    testable = np.isfinite(size) & (size > 0) & np.isfinite(share)
    share, population, size = np.broadcast_arrays(np.where(testable, share, 0), population, np.where(testable, size, 1))
    count = share * size
    with np.errstate(invalid="ignore"):
        above = np.where(count > 0, betainc(np.maximum(count, 1e-12), size - count + 1, population), 1.0)
        below = np.where(count < size, 1 - betainc(count + 1, np.maximum(size - count, 1e-12), population), 1.0)
    return np.where(testable, np.minimum(2 * np.minimum(above, below), 1), 1.0)


def adjusted(p: FloatArray) -> FloatArray:
    """p-values adjusted by Benjamini and Hochberg (1995): calling those up to .05 makes 5% false calls at most."""
    return np.asarray(false_discovery_control(p, method="bh")) if len(p) else p
