"""Alternating least squares: factorization in closed form, respondents and questions in turn by ridge regression."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.factorization.alternating import AlternatingLearner
from personaspace.embedding.factorization.fold_in import posteriors
from personaspace.embedding.factorization.gradient import NumberLearner
from personaspace.embedding.factorization.option_values import LEAST_VARIANCE
from personaspace.embedding.sparse import sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey

PRIOR_VARIANCE = 0.1  # squared residual of the one prior answer that every question has


class ALSLearner(AlternatingLearner, NumberLearner):
    """Alternating least squares for r_ij ~ Normal(<u_i, q_j> + b_j, s_j), u_i ~ Normal(0, 1), q_j ~ Normal(0, 1).

    With x_i = (u_i, 1) and survey weights w_i, one epoch is

        C_i = (1 + sum_j q_j q_j' / s_j)^-1,  u_i = C_i sum_j q_j (r_ij - b_j) / s_j
        (q_j, b_j) = (sum_i w_i E[x_i x_i'] + diag(s_j, ..., s_j, 1))^-1 (sum_i w_i x_i r_ij + (0, ..., 0, 1/2))
        s_j = (sum_i w_i E[(r_ij - <u_i, q_j> - b_j)^2] + 1/10) / (sum_i w_i + 1)

    with E over u_i ~ Normal(u_i, C_i): E[x_i x_i'] = x_i x_i' + C_i. Without C_i it would be plain alternating least
    squares, which takes the respondents' vectors for certain and learns their noise; with it, it is the EM algorithm
    of factor analysis with missing values (Rubin and Thayer 1982; Ilin and Raiko 2010). Every question has one
    prior answer, in the middle of its scale.

    Args:
        survey: Whose respondents and questions.
        answers: To learn from.
        dim: Length of the vectors.
        seed: Of the first parameters.
        weights: w_i, shape ``[respondents]``; ones where not given.
    """

    def __init__(
        self, survey: Survey, answers: Answers, dim: int, seed: int, weights: FloatArray | None = None
    ) -> None:
        super().__init__(survey, answers, dim, seed, weights)
        respondents, questions, bias = (tensor.detach().double() for tensor in self.parameters)
        self.parameters = (respondents, questions, bias)
        self.variances = torch.full((len(survey.questions),), PRIOR_VARIANCE, dtype=torch.float64)
        shape, at = (len(survey.respondents), len(survey.questions)), self.answers
        weight = self.weights[at.respondent]
        self.values = self._values_of(at)
        self.weight_of = sparse_rows(at.respondent, at.question, weight, shape)
        self.weighted_values = sparse_rows(at.respondent, at.question, weight * self.values, shape)
        self.total = np.bincount(at.question, weight, minlength=shape[1])
        self.squares = np.bincount(at.question, weight * self.values**2, minlength=shape[1])

    def _changed(self) -> tuple[Tensor, ...]:
        return (*self.parameters, self.variances)

    def variance(self) -> FloatArray:
        """s_j, shape ``[questions]``."""
        return self.variances.numpy()

    def _epoch(self) -> None:
        respondents, questions, bias = (tensor.numpy() for tensor in self.parameters)
        values = self.values - bias[self.answers.question]
        side = questions.shape[1] + 1
        moments, products = np.zeros((len(questions), side * side)), np.zeros((len(questions), side))
        placed = posteriors(self.answers, values, len(respondents), questions, self.variance(), self.prior())
        for rows, means, covariances in placed:
            respondents[rows] = means
            known = np.column_stack([means, np.ones(len(means))])
            squared = known[:, :, None] * known[:, None, :]
            squared[:, :-1, :-1] += covariances
            moments += self.weight_of[rows].T @ squared.reshape(len(means), -1)
            products += self.weighted_values[rows].T @ known
        self._regress(moments.reshape(-1, side, side), products)

    def _regress(self, moments: FloatArray, products: FloatArray) -> None:
        """New q, b and s from the sums over respondents."""
        _, questions, bias = (tensor.numpy() for tensor in self.parameters)
        ridge = np.column_stack([np.repeat(self.variance()[:, None], questions.shape[1], axis=1), np.ones(len(bias))])
        target = products + np.eye(products.shape[1])[-1] / 2
        solution = np.linalg.solve(moments + ridge[:, :, None] * np.eye(ridge.shape[1]), target[:, :, None])[:, :, 0]
        residual = self.squares - 2 * (solution * products).sum(1) + _quadratic(solution, moments)
        questions[:], bias[:] = solution[:, :-1], solution[:, -1]
        self.variance()[:] = np.maximum((residual + PRIOR_VARIANCE) / (self.total + 1), LEAST_VARIANCE)


def _quadratic(vectors: FloatArray, matrices: FloatArray) -> FloatArray:
    """The quadratic form x' M x, row by row: shapes ``[n, d]`` and ``[n, d, d]`` to ``[n]``."""
    result: FloatArray = np.einsum("ni,nij,nj->n", vectors, matrices, vectors)
    return result
