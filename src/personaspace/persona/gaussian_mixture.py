"""Gaussian mixtures: components with diagonal covariances, and the probability that a point belongs to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from personaspace.survey.arrays import FloatArray, IntArray, Vectors

Reals = Vectors | FloatArray

PARTS = ("centres", "variances", "shares")


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """A mixture of Gaussians with diagonal covariances.

    Attributes:
        centres: Means of the components, shape ``[components, dimensions]``.
        variances: Their variances in every dimension, shape ``[components, dimensions]``.
        shares: Their prior probabilities, sum 1, shape ``[components]``.
    """

    centres: Reals
    variances: Reals
    shares: Reals

    def membership(self, points: Reals) -> FloatArray:
        """Posterior probability of every component at each point (Bishop 2006, eq. 9.13).

        p(c | x) = share_c N(x; centre_c, variance_c) / sum over all components.

        Args:
            points: Shape ``[n, dimensions]``.

        Returns:
            Shape ``[n, components]``, rows sum to 1.

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
        """The mixture of some of the components, in the order given; their shares are scaled to sum to 1."""
        shares = self.shares[which]
        return GaussianMixture(self.centres[which], self.variances[which], shares / shares.sum())


def nearest(points: Reals, centres: Reals) -> IntArray:
    """The nearest centre of every point, the first of equally near ones; shape ``[n]``."""
    distance = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return np.asarray(distance.argmin(axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class AnswerMixture:
    """A Gaussian mixture over expected answers, with the projection from option probabilities to its dimensions.

    Attributes:
        mean: Option probabilities at the origin, shape ``[options]``.
        basis: Orthonormal columns, shape ``[options, dimensions]``.
        components: One Gaussian per persona, in the personas' order.
    """

    mean: Reals
    basis: Reals
    components: GaussianMixture

    def membership(self, expected: Reals) -> FloatArray:
        """Posterior probability that respondents belong to each component.

        Args:
            expected: Their probabilities of all options, shape ``[n, options]``.

        Returns:
            Shape ``[n, components]``, rows sum to 1.
        """
        return self.components.membership((expected - self.mean) @ self.basis)

    def some(self, which: IntArray) -> AnswerMixture:
        """The same with some of the components; see :meth:`GaussianMixture.some`."""
        return AnswerMixture(self.mean, self.basis, self.components.some(which))

    def tensors(self) -> dict[str, Reals]:
        """All arrays by the name they are saved under."""
        components = {f"mixture_{name}": getattr(self.components, name) for name in PARTS}
        return {"mixture_mean": self.mean, "mixture_basis": self.basis, **components}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Reals]) -> AnswerMixture:
        """The mixture whose :meth:`tensors` these are.

        Raises:
            KeyError: An array is missing.
        """
        components = GaussianMixture(*(tensors[f"mixture_{name}"] for name in PARTS))
        return cls(tensors["mixture_mean"], tensors["mixture_basis"], components)
