r"""The posterior of a new question's option weights, given a few answers of known people and shares of groups.

The prior is a Gaussian (:class:`~personaspace.newquestions.option_weights.WeightDistribution`). A respondent at x,
in standard deviations along the axes, answers with option o with probability p_o(x) = softmax of H' (b + S x), with
intercepts b and slopes S in contrasts H. Answers and shares have the log-likelihood

    sum over answers of log p_o(x) + sum over groups of n_g sum over o of s_go log p_go,
    p_go = weighted mean of p_o(x) over the group's members,

where a group is everybody (a topline) or those of one trait (a crosstab). Its mode is found by Newton's method with
Fisher's information, a penalised multinomial regression; the covariance is Laplace's, the inverse of the information at
the mode (Rasmussen and Williams 2006, sections 3.4, 3.5). Without answers it is the prior, exactly; with many it tends
to the regression of the answers on the vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import log_softmax, softmax

from personaspace.newquestions.features import contrasts
from personaspace.newquestions.option_weights import OptionWeights, WeightDistribution, as_tensor
from personaspace.survey.arrays import FloatArray, IntArray

MOST_WEIGHTS = 600
"""Weights that answers can move; where a question has many options, only slopes along the first axes."""
DRAWS = 200
STEPS = 50
CLOSE = 1e-8
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Group:
    """Shares of the options among a group of people.

    Attributes:
        places: Its members in standard deviations along the axes, shape ``[members, axes]``.
        weight: Of each member, summing to 1, shape ``[members]``.
        counts: People who chose each option, shape ``[options]``.
    """

    places: FloatArray
    weight: FloatArray
    counts: FloatArray


class Posterior:
    """The posterior of a question's option weights.

    Args:
        prior: The Gaussian over its weights.
        places: People who answered, in standard deviations along the axes, shape ``[n, axes]``.
        chosen: The option that each chose, shape ``[n]``.
        groups: Shares of groups.
    """

    def __init__(
        self, prior: WeightDistribution, places: FloatArray, chosen: IntArray, groups: Sequence[Group] = ()
    ) -> None:
        self.prior = prior
        self._contrasts = contrasts(len(prior.intercepts) + 1)
        self._moved = min(len(prior.slope_scale), max(1, MOST_WEIGHTS // len(prior.intercepts) - 1))
        intercepts, slopes = (np.linalg.inv(c) for c in (prior.intercept_covariance, prior.slope_covariance))
        self._precision: FloatArray = _by_contrast(block_diag(intercepts, *[slopes] * self._moved), self._moved + 1)
        self._people, self._chosen = self._features(places), chosen
        self._groups = [(self._features(group.places), group) for group in groups]
        self._group_fixed = [self._fixed(group.places) for group in groups]
        self._people_fixed = self._fixed(places)
        self.mode, self._factor = self._found()

    def option_weights(self) -> OptionWeights:
        """The mode, as weights of the options at vectors."""
        added, options = self._unpacked(self.mode), self._contrasts.T
        slopes = self.prior.slopes.copy()
        slopes[:, : self._moved] += added[:, 1:] * self.prior.slope_scale[: self._moved]
        weights = self.prior.axes.join(options @ (self.prior.intercepts + added[:, :1]), options @ slopes)
        return OptionWeights(as_tensor(weights), self.uncertainty)

    @cached_property
    def uncertainty(self) -> float:
        """Standard deviation of the intercepts as a share of what it is without any known question."""
        intercepts = np.arange(len(self.prior.intercepts)) * (self._moved + 1)
        left = cho_solve((self._factor, True), np.eye(len(self.mode))[:, intercepts])[intercepts]
        return self.prior.uncertainty * float(np.sqrt(np.trace(left) / np.trace(self.prior.intercept_covariance)))

    def probabilities(self, places: FloatArray) -> FloatArray:
        """Probabilities of the options at places ``[n, axes]``, shape ``[n, options]``."""
        return softmax(self._scores(self._fixed(places), self._features(places), self.mode), axis=1)

    def drawn(self, places: FloatArray) -> FloatArray:
        """Probabilities under weights drawn from the posterior, shape ``[draws, n, options]``."""
        fixed, features = self._fixed(places), self._features(places)
        return np.stack([softmax(self._scores(fixed, features, weights), axis=1) for weights in self._draws])

    def information(self, places: FloatArray) -> FloatArray:
        """Roots of Fisher's information about the weights in one answer of each person, in units of the posterior.

        Args:
            places: In standard deviations along the axes, shape ``[n, axes]``.

        Returns:
            A with A'A the information, shape ``[n, options, weights]``.
        """
        roots = self._information_roots(self.probabilities(places))
        return self._in_units(np.einsum("noc,nr->nocr", roots, self._features(places)))

    def sensitivity(self, places: FloatArray, weight: FloatArray) -> FloatArray:
        """Weighted mean over people of J'J, with J how their probabilities move with the weights.

        Args:
            places: In standard deviations along the axes, shape ``[n, axes]``.
            weight: Summing to 1, shape ``[n]``.

        Returns:
            In units of the posterior, shape ``[weights, weights]``.
        """
        probabilities = self.probabilities(places)
        roots = self._information_roots(probabilities) * np.sqrt(probabilities)[:, :, None]
        moved = np.einsum("noa,nob->nab", roots, roots) * weight[:, None, None]
        whole = self._spread(moved, self._features(places))
        half = solve_triangular(self._factor, whole, lower=True)
        sensitivity: FloatArray = solve_triangular(self._factor, half.T, lower=True)
        return sensitivity

    def _in_units(self, slopes: FloatArray) -> FloatArray:
        """Derivatives by the weights ``[n, options, contrasts, 1 + axes]`` in units of the posterior."""
        flat = slopes.reshape(-1, len(self.mode))
        white: FloatArray = solve_triangular(self._factor, flat.T, lower=True).T
        return white.reshape(*slopes.shape[:2], -1)

    @cached_property
    def _draws(self) -> FloatArray:
        """Weights drawn from the posterior, each with its mirror image, shape ``[draws, weights]``."""
        normal = np.random.default_rng(0).standard_normal((len(self.mode), DRAWS // 2))
        away = solve_triangular(self._factor.T, np.concatenate([normal, -normal], axis=1), lower=False)
        drawn: FloatArray = (self.mode[:, None] + away).T
        return drawn

    def _found(self) -> tuple[FloatArray, FloatArray]:
        """The mode and the Cholesky factor of the information at it."""
        weights = np.zeros(len(self._precision))
        value = self._value(weights)
        for _ in range(STEPS):
            slope, information = self._derivatives(weights)
            step = cho_solve(cho_factor(information, lower=True), slope)
            share, new = 1.0, self._value(weights + step)
            while new < value and share > TINY:
                share /= 2
                new = self._value(weights + share * step)
            gained, weights, value = new - value, weights + share * step, max(new, value)
            if gained < CLOSE * (1 + abs(value)):
                break
        return weights, np.asarray(cholesky(self._derivatives(weights)[1], lower=True))

    def _value(self, weights: FloatArray) -> float:
        scores = self._scores(self._people_fixed, self._people, weights)
        value = log_softmax(scores, axis=1)[np.arange(len(self._chosen)), self._chosen].sum()
        for fixed, (features, group) in zip(self._group_fixed, self._groups, strict=True):
            shares = group.weight @ softmax(self._scores(fixed, features, weights), axis=1)
            value += group.counts @ np.log(shares + TINY)
        return float(value - weights @ self._precision @ weights / 2)

    def _derivatives(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope of the log posterior, and its information."""
        slope, information = -self._precision @ weights, self._precision.copy()
        if len(self._chosen):
            probabilities = softmax(self._scores(self._people_fixed, self._people, weights), axis=1)
            surprise = np.eye(probabilities.shape[1])[self._chosen] - probabilities
            slope += (self._contrasts @ surprise.T @ self._people).ravel()
            information += self._spread(self._covariances(probabilities), self._people)
        for fixed, (features, group) in zip(self._group_fixed, self._groups, strict=True):
            probabilities = softmax(self._scores(fixed, features, weights), axis=1)
            shares = group.weight @ probabilities + TINY
            weighted = probabilities * group.weight[:, None]
            moved = -np.einsum("no,np,nr->opr", weighted, probabilities, features, optimize=True)
            moved[np.diag_indices(len(shares))] += weighted.T @ features
            jacobian = np.einsum("cp,opr->ocr", self._contrasts, moved).reshape(len(shares), -1)
            slope += (group.counts / shares) @ jacobian
            information += (jacobian.T * (group.counts.sum() / shares)) @ jacobian
        return slope, information

    def _spread(self, covariances: FloatArray, features: FloatArray) -> FloatArray:
        """Sum over people of covariance (x) x x', with the covariances of the contrasts' scores ``[n, c, c]``."""
        size, width = covariances.shape[1], features.shape[1]
        whole = np.empty((size, width, size, width))
        for one in range(size):
            for other in range(one + 1):
                block = (features.T * covariances[:, one, other]) @ features
                whole[one, :, other], whole[other, :, one] = block, block
        return whole.reshape(size * width, size * width)

    def _covariances(self, probabilities: FloatArray) -> FloatArray:
        roots = self._information_roots(probabilities)
        covariances: FloatArray = np.einsum("nca,ncb->nab", roots, roots)
        return covariances

    def _information_roots(self, probabilities: FloatArray) -> FloatArray:
        """R with R' R = H (diag p - p p') H' for each person, shape ``[n, options, contrasts]``."""
        centred = self._contrasts.T[None] - (probabilities @ self._contrasts.T)[:, None, :]
        roots: FloatArray = np.sqrt(probabilities)[:, :, None] * centred
        return roots

    def _features(self, places: FloatArray) -> FloatArray:
        """What the weights that answers move are multiplied with, shape ``[n, 1 + moved axes]``."""
        scaled = places[:, : self._moved] * self.prior.slope_scale[: self._moved]
        return np.concatenate([np.ones((len(places), 1)), scaled], axis=1)

    def _fixed(self, places: FloatArray) -> FloatArray:
        """Scores under the prior's mean, shape ``[n, options]``."""
        fixed: FloatArray = (self.prior.intercepts.T + places @ self.prior.slopes.T) @ self._contrasts
        return fixed

    def _scores(self, fixed: FloatArray, features: FloatArray, weights: FloatArray) -> FloatArray:
        scores: FloatArray = fixed + features @ self._unpacked(weights).T @ self._contrasts
        return scores

    def _unpacked(self, weights: FloatArray) -> FloatArray:
        return weights.reshape(len(self.prior.intercepts), -1)


def _by_contrast(precision: FloatArray, width: int) -> FloatArray:
    """A matrix of weights sorted by axis, then by contrast, sorted by contrast, then by axis."""
    size = len(precision) // width
    order = np.arange(len(precision)).reshape(width, size).T.ravel()
    sorted_: FloatArray = precision[np.ix_(order, order)]
    return sorted_
