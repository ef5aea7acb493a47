"""A normal distribution over all answers as numbers, with a covariance of every pair of questions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import lapack

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.calibrated import Calibrated
from personaspace.embedding.factorization.option_values import answer_values, option_values
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.platt import majority_shares
from personaspace.embedding.sparse import Matrix, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import repeat_options
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.validation import training_and_validation_answers

PRIOR = 30.0  # respondents whose answers do not correlate, counted beside those there are
PRIOR_VARIANCE = 0.1  # squared distance from the middle of the one prior answer that every question has


@dataclass(eq=False)
class Gaussian(Calibrated):
    """The multivariate normal model of survey imputation (Schafer 1997, chapter 5), by EM with missing answers.

    The answers of respondent i are numbers x_i, standardised by question, and x_i ~ Normal(0, C) with a covariance of
    every pair of questions. With A the questions that i answered and n respondents, one epoch is

        K_i = C[A, A]^-1,  m_i = C[:, A] K_i x_i
        C = (sum_i (m_i m_i' + C - C[:, A] K_i C[A, :]) + 30 I) / (n + 30)

    It starts at C = I, where no answers correlate, and ends before C has taken up the noise. The columns of W
    are the eigenvectors of the ``dim`` greatest eigenvalues, each times the root of its eigenvalue, so that C is about
    W W' and the expected number of a question j that i did not answer about <u_i, W[j]>:

        u_i = W[A]' K_i x_i,  v_o = x_o W[j],  b_o = log share_o

    for the options o of question j, at the number x_o. Questions without a scale get evenly spaced numbers in listed
    order; options without a number ("Not sure") are left out, as answers and in v. Nothing is drawn at random: the seed
    has no effect.

    Attributes:
        epochs: How many.
        covariance_: C, shape ``[questions, questions]``.
        roots_: W, shape ``[questions, dim]``; columns of 0 where there are more than questions.
        scale_: Mean and standard deviation of the numbers answered to each question, shape ``[2, questions]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Gaussian(dim=8, epochs=2).fit(survey).embed(survey).shape
        (100, 8)
    """

    name: ClassVar[str] = "gaussian"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "covariance_", "roots_", "scale_")

    dim: int = 128
    seed: int = 0
    epochs: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        self.covariance_: Vectors
        self.roots_: Vectors
        self.scale_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        check_whole("epochs", self.epochs, least=1)

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        training, validation = training_and_validation_answers(survey)
        self.scale_ = _scale(survey.questions, training)
        self.bias_ = np.log(majority_shares(survey)).astype(np.float32)
        numbers = self._numbers(survey.questions, training, len(survey.respondents))
        covariance = np.eye(len(survey.questions))
        expected = _expected(numbers, covariance)
        for epoch in range(1, self.epochs + 1):
            covariance = _likeliest(covariance, *expected)
            expected = _expected(numbers, covariance)
            if on_epoch is not None:
                self._take_over(covariance, survey)
                on_epoch(epoch, self.epochs, self._loss(expected[0] @ self.roots_, validation, survey.offsets))
        self._take_over(covariance, survey)

    def _loss(self, vectors: Vectors, answers: Answers, offsets: IntArray) -> float:
        import torch

        from personaspace.embedding.loss import mean_cross_entropy

        placed, options, bias = (torch.from_numpy(array) for array in (vectors, self.options_, self.bias_))
        return mean_cross_entropy(OptionSoftmax(offsets), placed, options, bias, answers)

    def _take_over(self, covariance: FloatArray, survey: Survey) -> None:
        """Set the fitted arrays that follow from C."""
        eigenvalues, eigenvectors = np.linalg.eigh(covariance)
        roots = eigenvectors[:, ::-1][:, : self.dim] * np.sqrt(np.maximum(eigenvalues[::-1][: self.dim], 0))
        roots = np.pad(roots, [(0, 0), (0, self.dim - roots.shape[1])])
        mean, deviation = (repeat_options(values, survey.offsets) for values in self.scale_)
        numbers = np.nan_to_num((option_values(survey.questions) - mean) / deviation)
        self.options_ = (numbers[:, None] * repeat_options(roots.T, survey.offsets).T).astype(np.float32)
        self.covariance_, self.roots_ = covariance.astype(np.float32), roots.astype(np.float32)

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        asked = len(questions) + len(traits)
        own = {"covariance_": (asked, asked), "roots_": (asked, self.dim), "scale_": (2, asked)}
        return super().shapes(respondents, questions) | own

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents by the conditional distribution given their answers; see :meth:`Embedder.embed`."""
        numbers = self._numbers(self.placed_by_, self.known_answers(survey), len(survey.respondents))
        return _weighed(numbers, self.covariance_.astype(np.float64)) @ self.roots_

    def _numbers(self, questions: Sequence[Question], answers: Answers, respondents: int) -> Matrix:
        """Answers as standardised numbers, a row per respondent."""
        values = answer_values(questions, answers)
        answers, values = answers.where(known := ~np.isnan(values)), values[known]
        mean, deviation = self.scale_[:, answers.question]
        shape = (respondents, len(questions))
        return sparse_rows(answers.respondent, answers.question, (values - mean) / deviation, shape)


def _scale(questions: Sequence[Question], answers: Answers) -> Vectors:
    """Mean and standard deviation of the numbers answered, with a prior answer in the middle of each question."""
    values = answer_values(questions, answers)
    at, values = answers.question[known := ~np.isnan(values)], values[known]
    count = np.bincount(at, minlength=len(questions)) + 1
    mean = (np.bincount(at, values, len(questions)) + 0.5) / count
    variance = (np.bincount(at, (values - mean[at]) ** 2, len(questions)) + PRIOR_VARIANCE) / count
    return np.stack([mean, np.sqrt(variance)]).astype(np.float32)


def _expected(numbers: Matrix, covariance: FloatArray) -> tuple[Vectors, FloatArray]:
    """What :func:`_weighed` gives, and the sum of all K_i, shape ``[questions, questions]``."""
    total = np.zeros_like(covariance)
    return _weighed(numbers, covariance, total), total


def _weighed(numbers: Matrix, covariance: FloatArray, total: FloatArray | None = None) -> Vectors:
    """K_i x_i of all respondents, 0 where unanswered, shape ``[respondents, questions]``; adds every K_i to a total."""
    weighed, whole = np.zeros(numbers.shape, np.float32), _inverse(covariance)
    for i, (start, end) in enumerate(itertools.pairwise(numbers.indptr)):
        answered = numbers.indices[start:end]
        block = np.ix_(answered, answered)
        if 2 * len(answered) < len(covariance):
            inverse = _inverse(covariance[block])
        else:
            missing = np.setdiff1d(np.arange(len(covariance)), answered)
            between = whole[np.ix_(missing, answered)]
            inverse = whole[block] - between.T @ _inverse(whole[np.ix_(missing, missing)]) @ between
        weighed[i, answered] = inverse @ numbers.data[start:end]
        if total is not None:
            total[block] += inverse
    return weighed


def _inverse(matrix: FloatArray) -> FloatArray:
    """Of a symmetric, positive definite matrix."""
    if not len(matrix):
        return matrix
    lower, _ = lapack.dpotri(lapack.dpotrf(matrix, lower=1)[0], lower=1)
    return np.asarray(lower + np.tril(lower, -1).T, np.float64)


def _likeliest(covariance: FloatArray, weighed: Vectors, precision: FloatArray) -> FloatArray:
    """The next C from what is expected of every respondent under the last."""
    means = weighed @ covariance
    left = len(weighed) * covariance - covariance @ precision @ covariance
    total: FloatArray = (means.T @ means + left + PRIOR * np.eye(len(covariance))) / (len(weighed) + PRIOR)
    return (total + total.T) / 2
