"""The log-odds of one question's options, linear in a respondent's vector, and how surely they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personaspace.newquestions.features import contrasts
from personaspace.survey.arrays import FloatArray, Vectors

if TYPE_CHECKING:
    from torch import Tensor

FLAT = 1e-9
"""An axis along which vectors vary less than this share of the largest variance does not count."""


@dataclass(frozen=True)
class OptionWeights:
    """The log-odds of one question's options, linear in a respondent's vector, and their uncertainty.

    Attributes:
        weights: Of each option's log-odds, intercept first; shape ``[options, 1 + dim]``.
        uncertainty: Posterior standard deviation as a share of the prior one, from 0 to 1.
    """

    weights: Tensor
    uncertainty: float

    def log_odds(self, vectors: Tensor) -> Tensor:
        """Centred log-odds of the options at vectors ``[n, dim]``, shape ``[n, options]``."""
        weights = self.weights.to(vectors)
        odds = weights[:, 0] + vectors @ weights[:, 1:].T
        return odds - odds.mean(dim=1, keepdim=True)

    def ordered(self, order: Sequence[int]) -> OptionWeights:
        """The same weights with the options in another order."""
        return OptionWeights(self.weights[list(order)], self.uncertainty)


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal axes of respondents' vectors.

    Attributes:
        mean: Of the vectors, shape ``[dim]``.
        directions: Orthonormal, that of the largest variance first, shape ``[dim, axes]``.
        scale: Standard deviation along each, shape ``[axes]``.
    """

    mean: FloatArray
    directions: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, vectors: Vectors) -> Axes:
        """The axes along which vectors ``[n, dim]`` vary."""
        centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
        variance, directions = np.linalg.eigh(centred.T @ centred / max(len(vectors), 1))
        variance, directions = variance[::-1], directions[:, ::-1]
        kept = max(1, int((variance > FLAT * variance[0]).sum()))
        scale = np.sqrt(np.where(variance > 0, variance, 1.0)[:kept])
        return cls(vectors.mean(axis=0, dtype=np.float64), directions[:, :kept], scale)

    def places(self, vectors: Vectors) -> FloatArray:
        """Vectors ``[n, dim]`` in standard deviations along the axes, shape ``[n, axes]``."""
        placed: FloatArray = (vectors - self.mean) @ (self.directions / self.scale)
        return placed

    def split(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weights ``[n, 1 + dim]`` as intercepts at the mean, ``[n, 1]``, and slopes along the axes, ``[n, axes]``."""
        return weights[:, :1] + weights[:, 1:] @ self.mean[:, None], weights[:, 1:] @ self.directions * self.scale

    def join(self, intercepts: FloatArray, slopes: FloatArray) -> FloatArray:
        """The weights ``[n, 1 + dim]`` of intercepts at the mean and slopes along the axes."""
        along = slopes @ (self.directions / self.scale).T
        return np.concatenate([intercepts - along @ self.mean[:, None], along], axis=1)


@dataclass(frozen=True, eq=False)
class WeightDistribution:
    """A Gaussian over the weights of one question's options, in contrasts of the options and along axes.

    Attributes:
        axes: The axes.
        intercepts: Their mean, shape ``[contrasts, 1]``.
        slopes: Their mean, shape ``[contrasts, axes]``.
        intercept_covariance: Shape ``[contrasts, contrasts]``.
        slope_covariance: For a slope scale of 1, shape ``[contrasts, contrasts]``.
        slope_scale: Standard deviation along each axis beside it, shape ``[axes]``.
        uncertainty: Standard deviation of the intercepts as a share of what it is without any known question.
    """

    axes: Axes
    intercepts: FloatArray
    slopes: FloatArray
    intercept_covariance: FloatArray
    slope_covariance: FloatArray
    slope_scale: FloatArray
    uncertainty: float

    def option_weights(self) -> OptionWeights:
        """Its mean, as weights of the options at vectors."""
        options = contrasts(len(self.intercepts) + 1).T
        weights = self.axes.join(options @ self.intercepts, options @ self.slopes)
        return OptionWeights(as_tensor(weights), self.uncertainty)


def as_tensor(weights: FloatArray) -> Tensor:
    """Weights as single-precision numbers."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32))
