"""Rubin's rules: one estimate and one interval from several completed data sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from personaspace.errors import SettingError
from personaspace.survey.arrays import FloatArray


class Pooled(NamedTuple):
    """Estimates from m completed data sets, combined.

    Attributes:
        estimate: Mean of the m estimates.
        low: Lower end of the interval.
        high: Upper end of the interval.
        missing: Share of the variance that is due to missing answers.
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    missing: FloatArray


def pool(estimates: npt.ArrayLike, variances: npt.ArrayLike = 0.0, level: float = 0.95) -> Pooled:
    """Combine the estimates from m completed data sets (Rubin 1987, section 3.3).

    With Q the mean of the estimates, U the mean of their variances and B the variance between them, the total variance
    is T = U + (1 + 1/m) B, and the interval Q +- t sqrt(T) with (m - 1) (1 + U / ((1 + 1/m) B))^2 degrees of freedom.

    Args:
        estimates: Shape ``[m, ...]``, m at least 2.
        variances: Squared standard error of each estimate had nothing been missing, of the same shape; 0 where the
            completed respondents are the whole population, so that the interval is for the missing answers alone.
        level: Between 0 and 1.

    Raises:
        SettingError: Fewer than two estimates, one that is no number, variances that are negative or of another shape,
            or a level outside (0, 1).

    Example:
        >>> pooled = pool([0.50, 0.54, 0.52], [0.0004, 0.0004, 0.0004])
        >>> print(*(f"{value:.3f}" for value in pooled))
        0.520 0.446 0.594 0.571
    """
    from scipy.stats import t

    estimates = np.asarray(estimates, np.float64)
    m = len(estimates) if estimates.ndim else 0
    if m < 2 or not 0 < level < 1:
        raise SettingError(f"{m} estimate(s), level {level}: give at least 2 estimates and a level between 0 and 1")
    squared = np.asarray(variances, np.float64)
    if squared.ndim and squared.shape != estimates.shape:
        raise SettingError(f"variances have shape {squared.shape}, estimates {estimates.shape}: give one for each")
    if not np.isfinite(estimates).all() or not (np.isfinite(squared) & (squared >= 0)).all():
        raise SettingError("an estimate or a variance is no finite number, or a variance is below 0: leave it out")
    within = np.broadcast_to(squared, estimates.shape).mean(axis=0)
    between = (1 + 1 / m) * estimates.var(axis=0, ddof=1)
    total, estimate = within + between, estimates.mean(axis=0)
    freedom = np.divide(within, between, out=np.full(np.shape(total), np.inf), where=between > 0)
    half = t.ppf((1 + level) / 2, (m - 1) * (1 + freedom) ** 2) * np.sqrt(total)
    missing = np.divide(between, total, out=np.zeros(np.shape(total)), where=total > 0)
    return Pooled(estimate, estimate - half, estimate + half, missing)
