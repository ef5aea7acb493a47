r"""Gaussian-process regression from texts to contrasts of options' weights, with leave-one-question-out in closed form.

The contrasts Z of the known questions' weights, shape ``[contrasts, columns]``, have covariance a_d (K + s^2 I) in
column d, with the kernel K of :mod:`personaspace.newquestions.features` and s^2 = .001. Those of any question have mean
and covariance (Rasmussen and Williams 2006, eq. 2.25, 2.26)

    Z* = K* (K + s^2 I)^-1 Z,    a_d (K** + s^2 I - K* (K + s^2 I)^-1 K*^T),

and those of a known question, had it not been asked, by leaving out all of its contrasts b (eq. 5.12, for a block),

    Z_b - C_b [(K + s^2 I)^-1 Z]_b,    a_d C_b,    C_b = ([(K + s^2 I)^-1]_bb)^-1.

The kernel's settings are those under which the known questions, each left out, are likeliest (the leave-one-out
likelihood of their section 5.4.2), found by Nelder and Mead's search. a_d is the mean square of the standardized
errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit, logit

from personaspace.newquestions.features import Features, KernelSettings, Similarity
from personaspace.survey.arrays import FloatArray

SEARCH = 80
"""Settings of the kernel that are tried."""
STEP = 0.7
WHITE = 1e-3
"""Variance of each contrast on its own, s^2, which keeps the covariance of a question with many options regular."""
LEAST = 1e-12


@dataclass(frozen=True)
class Predicted:
    """Predicted contrasts of one question's weights.

    Attributes:
        mean: Shape ``[contrasts, columns]``.
        covariance: Between contrasts, shape ``[contrasts, contrasts]``; in column d it is ``amplitude[d]`` times this.
        remaining: Their variance as a share of what it is without any known question, from 0 to 1.
    """

    mean: FloatArray
    covariance: FloatArray
    remaining: float


@dataclass(frozen=True, eq=False)
class Regression:
    """Regression of contrasts of options' weights on texts.

    Attributes:
        known: Features of the known questions.
        targets: Contrasts of their weights, shape ``[contrasts, columns]``.
        settings: Hyperparameters of the kernel.
        factor: Cholesky factor of K + s^2 I, lower triangle, shape ``[contrasts, contrasts]``.
        amplitude: a_d, shape ``[columns]``.
    """

    known: Features
    targets: FloatArray
    settings: KernelSettings
    factor: FloatArray
    amplitude: FloatArray

    @classmethod
    def fit(cls, known: Features, targets: FloatArray, settings: KernelSettings) -> Regression:
        """Regression with given settings of the kernel."""
        factor = _factor(Similarity(known, known), settings)
        left_out = _left_out(known, targets, factor)
        return cls(known, targets, settings, factor, _standardized(known, targets, left_out).mean(axis=0) + LEAST)

    def predict(self, features: Features) -> list[Predicted]:
        """Predict the contrasts of some questions' weights."""
        similarity = Similarity(features, self.known).kernel(self.settings)
        means = similarity @ self._solved
        explained = solve_triangular(self.factor, similarity.T, lower=True, check_finite=False)
        predicted = []
        for question, block in enumerate(features.blocks):
            alone = features.only(question)
            before = Similarity(alone, alone).kernel(self.settings)
            before[np.diag_indices_from(before)] += WHITE
            covariance = before - explained[:, block].T @ explained[:, block]
            predicted.append(Predicted(means[block], covariance, float(np.trace(covariance) / np.trace(before))))
        return predicted

    @cached_property
    def leave_one_out(self) -> list[Predicted]:
        """The prediction of each known question had it not been asked."""
        return _left_out(self.known, self.targets, self.factor)

    @cached_property
    def _solved(self) -> FloatArray:
        return np.asarray(cho_solve((self.factor, True), self.targets, check_finite=False))


def likeliest_settings(known: Features, targets: FloatArray) -> KernelSettings:
    """The kernel's settings under which the known questions, each left out, are likeliest.

    Args:
        known: Features of the known questions.
        targets: Contrasts of their weights, shape ``[contrasts, columns]``; all columns have one amplitude here, so
            that those which vary most count most.
    """
    similarity, states = Similarity(known, known), known.states is not None

    def unlikelihood(found: FloatArray) -> float:
        factor = _factor(similarity, _settings(found))
        left_out = _left_out(known, targets, factor)
        amplitude = _standardized(known, targets, left_out).mean() + LEAST
        volumes = [np.linalg.slogdet(predicted.covariance)[1] for predicted in left_out]
        return float(np.log(amplitude) + np.sum(volumes) / len(targets))

    default = KernelSettings()
    start = [logit(default.common), logit(default.words), np.log(default.width), np.log(default.noise)]
    begin = np.array([*start, 0.0] if states else start)
    simplex = np.vstack([begin, begin + STEP * np.eye(len(begin))])
    found = minimize(
        unlikelihood, begin, method="Nelder-Mead", options={"maxfev": SEARCH, "initial_simplex": simplex}
    ).x
    return _settings(found)


def _settings(found: FloatArray) -> KernelSettings:
    """Settings from numbers without bounds; the noise is at least a thousandth of the kernel."""
    common, words, *states = expit(found[[0, 1, *range(4, len(found))]]).tolist()
    width = float(np.exp(np.clip(found[2], np.log(0.05), np.log(5.0))))
    noise = float(np.exp(np.clip(found[3], np.log(1e-3), np.log(10.0))))
    return KernelSettings(common, words, width, noise, *states)


def _factor(similarity: Similarity, settings: KernelSettings) -> FloatArray:
    covariance = similarity.kernel(settings)
    covariance[np.diag_indices_from(covariance)] += WHITE
    return np.asarray(cholesky(covariance, lower=True, overwrite_a=True, check_finite=False))


def _left_out(known: Features, targets: FloatArray, factor: FloatArray) -> list[Predicted]:
    inverse = cho_solve((factor, True), np.eye(len(factor)), overwrite_b=True, check_finite=False)
    solved, predicted = inverse @ targets, []
    for block in known.blocks:
        covariance = np.asarray(np.linalg.inv(inverse[block, block]), dtype=np.float64)
        before = np.square(factor[block]).sum()
        mean = targets[block] - covariance @ solved[block]
        predicted.append(Predicted(mean, covariance, float(np.trace(covariance) / before)))
    return predicted


def _standardized(known: Features, targets: FloatArray, left_out: list[Predicted]) -> FloatArray:
    """Squares of the standardized errors of questions left out, shape ``[contrasts, columns]``."""
    errors = [
        solve_triangular(cholesky(predicted.covariance, lower=True), targets[block] - predicted.mean, lower=True)
        for block, predicted in zip(known.blocks, left_out, strict=True)
    ]
    return np.square(np.concatenate(errors))
