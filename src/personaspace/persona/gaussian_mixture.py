"""Clouds: Gaussian components, and how likely a point belongs to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray, Vectors

Reals = Vectors | FloatArray


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """A mixture of Gaussians with diagonal covariances.

    Attributes:
        centres: Shape ``[clouds, dimensions]``.
        variances: Shape ``[clouds, dimensions]``.
        shares: Prior probabilities, sum 1, shape ``[clouds]``.
    """

    centres: Reals
    variances: Reals
    shares: Reals

    def membership(self, points: Reals) -> FloatArray:
        """p(c | x) = share_c N(x; centre_c, variance_c) / sum over all clouds; shape ``[n, clouds]``, rows sum to 1.

        Example:
            >>> two = GaussianMixture(np.array([[0.0], [2.0]]), np.ones((2, 1)), np.array([0.5, 0.5]))
            >>> two.membership(np.array([[1.0], [9.0]])).round(3)
            array([[0.5, 0.5],
                   [0. , 1. ]])
        """
        precision = 1 / self.variances.astype(np.float64)
        x, c = points.astype(np.float64), self.centres.astype(np.float64)
        distance = x**2 @ precision.T - 2 * x @ (c * precision).T + (c**2 * precision).sum(axis=1)
        with np.errstate(divide="ignore"):
            scores = np.log(self.shares.astype(np.float64)) + np.log(precision).sum(axis=1) / 2 - distance / 2
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def some(self, which: IntArray) -> GaussianMixture:
        """These clouds only, in this order, as the whole."""
        shares = self.shares[which]
        return GaussianMixture(self.centres[which], self.variances[which], shares / shares.sum())


def nearest(points: Reals, centres: Reals) -> IntArray:
    """The nearest centre of every point, the first of equally near ones; shape ``[n]``."""
    distance = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return np.asarray(distance.argmin(axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class AnswerMixture:
    """Clouds with the space they live in, enough to tell any respondent's membership from expected answers.

    Attributes:
        mean: Expected answers at the origin, shape ``[options]``.
        basis: Orthonormal columns, shape ``[options, dimensions]``.
        clouds: One per persona, in the personas' order.
    """

    mean: Reals
    basis: Reals
    clouds: GaussianMixture

    def membership(self, expected: Reals) -> FloatArray:
        """How likely respondents belong to each cloud.

        Args:
            expected: Their probabilities of all options, shape ``[n, options]``.

        Returns:
            Shape ``[n, clouds]``, rows sum to 1.
        """
        return self.clouds.membership((expected - self.mean) @ self.basis)

    def tensors(self) -> dict[str, Reals]:
        """Everything as named arrays."""
        clouds = {f"cloud_{name}": getattr(self.clouds, name) for name in ("centres", "variances", "shares")}
        return {"cloud_mean": self.mean, "cloud_basis": self.basis, **clouds}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Reals]) -> AnswerMixture | None:
        """What :meth:`tensors` gave; ``None`` where there is nothing of it."""
        if "cloud_mean" not in tensors:
            return None
        clouds = GaussianMixture(*(tensors[f"cloud_{name}"] for name in ("centres", "variances", "shares")))
        return cls(tensors["cloud_mean"], tensors["cloud_basis"], clouds)
