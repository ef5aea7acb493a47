"""Expectation maximization: factorization of choices by ridge regressions, respondents and options in turn."""

from __future__ import annotations

import numpy as np
import torch

from personaspace.embedding.factorization.alternating import AlternatingLearner
from personaspace.embedding.factorization.fold_in import inverse_curvatures, times
from personaspace.embedding.factorization.gradient import OptionLearner
from personaspace.embedding.sparse import chosen_options, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.option_sums import option_shares, repeat_options, sum_options
from personaspace.survey.survey import Survey

CAUTION = 1.4  # by which the curvature at the options' shares is multiplied: with 1 the steps overshoot
LEVEL = 1e-3  # ridge on biases


class EMLearner(AlternatingLearner, OptionLearner):
    """EM for y_ij ~ softmax(<u_i, v_o> + b_o over the options o of j), u_i ~ Normal(0, 1), v_o ~ Normal(0, 1).

    The log-likelihood of an answer is replaced by the parabola that has its slope and the curvature
    H_j = 1.4 (diag(p) - p p'), with p_o the share of option o among the answers to j. Then, as for numbers
    (:class:`personaspace.embedding.factorization.als.ALSLearner`), both turns are ridge regressions. With
    x_i = (u_i, 1), v_o of mean 0 over the answers to each question, and p_io the softmax, one epoch is

        C_i = (1 + sum_j V_j' H_j V_j)^-1,  u_i += C_i (sum_j V_j' (y_ij - p_ij) - u_i)
        z_io = <u_i, v_o> + b_o + (y_io - p_io) / (1.4 p_o)
        (v_o, b_o) = (sum_i (x_i x_i' + C_i) + diag(r, ..., r, 1/1000))^-1 sum_i x_i z_io,  r = 1 / (1.4 p_o)

    over the questions j that i answered, and the respondents i who answered o's question. C_i, about the posterior
    covariance of u_i, keeps the options from learning what is noise in the respondents' vectors (Tipping 1998, with one
    curvature per question instead of a variational parameter per answer).

    Args:
        survey: Whose respondents and questions.
        answers: To learn from.
        dim: Length of the vectors.
        seed: Of the first parameters.
    """

    def __init__(self, survey: Survey, answers: Answers, dim: int, seed: int) -> None:
        super().__init__(survey, answers, dim, seed)
        respondents, options, bias = (tensor.detach() for tensor in self.parameters)
        respondents.zero_()
        self.parameters = (respondents, options, bias)
        self.offsets = survey.offsets
        self.shares = option_shares(np.exp(bias.numpy()), self.offsets)
        shape = (len(survey.respondents), len(survey.questions))
        self.chosen = chosen_options(answers, len(survey.respondents), self.offsets)
        self.asked = sparse_rows(answers.respondent, answers.question, 1.0, shape)
        options.numpy()[:] = self._centred(options.numpy())

    def _epoch(self) -> None:
        respondents, options, bias = (tensor.numpy() for tensor in self.parameters)
        scaled = options * np.sqrt(CAUTION * self.shares)[:, None].astype(np.float32)
        curvature = np.stack([part.T @ part for part in np.split(scaled, self.offsets[1:-1])])
        side = options.shape[1] + 1
        moments, products = np.zeros((len(curvature), side * side)), np.zeros((len(options), side))
        for rows, covariances in inverse_curvatures(self.answers, len(respondents), curvature, self.prior()):
            seen, chosen = repeat_options(self.asked[rows].toarray(), self.offsets), self.chosen[rows].toarray()
            missed = chosen - self._shares_at(respondents[rows]) * seen
            respondents[rows] += times(covariances, missed @ options - respondents[rows])
            missed = chosen - self._shares_at(respondents[rows]) * seen
            known = np.column_stack([respondents[rows], np.ones(len(seen), np.float32)])
            response = (known @ np.column_stack([options, bias]).T) * seen + missed / (CAUTION * self.shares)
            squared = known[:, :, None] * known[:, None, :]
            squared[:, :-1, :-1] += covariances
            moments += self.asked[rows].T @ squared.reshape(len(known), -1)
            products += response.T @ known
        self._regress(moments.reshape(-1, side, side), products)

    def _shares_at(self, vectors: Vectors) -> Vectors:
        _, options, bias = (tensor.numpy() for tensor in self.parameters)
        return self.option_softmax.softmax(vectors @ options.T + bias)

    def _regress(self, moments: FloatArray, products: FloatArray) -> None:
        """New v and b from the sums over respondents."""
        _, options, bias = self.parameters
        parts = (np.split(array, self.offsets[1:-1]) for array in (products, self.shares))
        solution = np.concatenate([_solution(*part) for part in zip(moments, *parts, strict=True)])
        options.copy_(torch.from_numpy(self._centred(solution[:, :-1])))
        bias.copy_(torch.from_numpy(solution[:, -1]))

    def _centred(self, options: FloatArray | Vectors) -> FloatArray:
        """Vectors of options less their mean over the answers to each question."""
        means = sum_options((options * self.shares[:, None]).T, self.offsets)
        centred: FloatArray = options - repeat_options(means, self.offsets).T
        return centred


def _solution(moments: FloatArray, products: FloatArray, shares: FloatArray) -> FloatArray:
    """The ridge regressions of one question's options, shape ``[options, dim + 1]``."""
    ridge = np.repeat(1 / (CAUTION * shares)[:, None], len(moments), axis=1)
    ridge[:, -1] = LEVEL
    solution = np.linalg.solve(moments + ridge[:, :, None] * np.eye(len(moments)), products[:, :, None])
    return np.asarray(solution[:, :, 0], np.float64)
