"""Fold-in: the most probable vector of a respondent given some answers, with questions and options fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.sparse import chosen_options, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.option_sums import repeat_options

BLOCK = 512


@dataclass(frozen=True, eq=False)
class Prior:
    """The normal distribution of respondents' vectors before they answered.

    Attributes:
        mean: Shape ``[dim]``.
        precision: Inverse covariance, shape ``[dim, dim]``.
    """

    mean: FloatArray
    precision: FloatArray

    @classmethod
    def of(cls, vectors: npt.NDArray[np.floating]) -> Prior:
        """The normal distribution of some respondents' vectors, shape ``[respondents, dim]``."""
        centred = vectors.astype(np.float64) - (mean := vectors.mean(axis=0, dtype=np.float64))
        covariance = centred.T @ centred / len(vectors)
        ridge = 1e-3 * max(np.trace(covariance) / len(mean), 1e-6)
        return cls(mean, np.linalg.inv(covariance + ridge * np.eye(len(mean))))


def fold_in_numbers(
    answers: Answers, values: FloatArray, respondents: int, questions: FloatArray, variance: FloatArray, prior: Prior
) -> FloatArray:
    """Place respondents by ridge regression of answers as numbers, r_ij ~ Normal(<u_i, q_j>, s_j), u_i ~ prior.

    Args:
        answers: Ascending by respondent.
        values: r_ij of every answer, the question's bias taken off; shape ``[answers]``.
        respondents: How many to place.
        questions: q_j, shape ``[questions, dim]``.
        variance: s_j of the residuals, shape ``[questions]``.
        prior: Mean m and precision P.

    Returns:
        u, shape ``[respondents, dim]``; the prior's mean where there are no answers.
    """
    vectors = np.empty((respondents, len(prior.mean)))
    for rows, means, _ in posteriors(answers, values, respondents, questions, variance, prior):
        vectors[rows] = means
    return vectors


def posteriors(
    answers: Answers, values: FloatArray, respondents: int, questions: FloatArray, variance: FloatArray, prior: Prior
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """The posterior normal distribution of u_i given a respondent's answers as numbers.

    C_i = (P + sum_j q_j q_j' / s_j)^-1,  m_i = C_i (P m + sum_j q_j r_ij / s_j)

    Args:
        answers: Ascending by respondent.
        values: As for :func:`fold_in_numbers`, as all that follows.
        respondents: How many.
        questions: q_j.
        variance: s_j.
        prior: Mean m and precision P.

    Yields:
        Respondents of a block, their means ``[block, dim]`` and covariances ``[block, dim, dim]``.
    """
    weights = sparse_rows(answers.respondent, answers.question, values, (respondents, len(questions)))
    scaled = questions / variance[:, None]
    known: FloatArray = np.asarray(weights @ scaled)
    for rows, inverse in inverse_curvatures(answers, respondents, scaled[:, :, None] * questions[:, None, :], prior):
        yield rows, times(inverse, known[rows] + prior.precision @ prior.mean), inverse


def fold_in_choices(
    answers: Answers,
    respondents: int,
    options: FloatArray,
    bias: FloatArray,
    offsets: IntArray,
    prior: Prior,
    steps: int = 20,
) -> FloatArray:
    """Place respondents at the mode of log p(u) + sum of log p(answer | u) under the log-linear model.

    Every step divides the gradient by a bound on the curvature, 1/2 sum_q V_q' (I - 11'/k) V_q + P, that does not
    depend on u (Böhning 1992): it never overshoots and needs no step size.

    Args:
        answers: Ascending by respondent.
        respondents: How many to place.
        options: v_o, shape ``[options, dim]``.
        bias: b_o, shape ``[options]``.
        offsets: Start of each question's options, shape ``[questions + 1]``.
        prior: Mean and precision P.
        steps: How many.

    Returns:
        u, shape ``[respondents, dim]``; the prior's mean where there are no answers.
    """
    chosen = np.asarray(chosen_options(answers, respondents, offsets) @ options)
    asked = sparse_rows(answers.respondent, answers.question, 1.0, (respondents, len(offsets) - 1))
    option_softmax = OptionSoftmax(offsets)
    vectors = np.tile(prior.mean, (respondents, 1))
    single, levels = options.astype(np.float32), bias.astype(np.float32)  # exponentials are most of the work
    for rows, inverse in inverse_curvatures(answers, respondents, _bounds(options, offsets), prior):
        seen, u = repeat_options(asked[rows].toarray(), offsets), vectors[rows]
        for _ in range(steps):
            expected = (option_softmax.softmax(u.astype(np.float32) @ single.T + levels) * seen) @ single
            u = u + times(inverse, chosen[rows] - expected - (u - prior.mean) @ prior.precision)
        vectors[rows] = u
    return vectors


def _bounds(options: FloatArray, offsets: IntArray) -> FloatArray:
    """1/2 V_q' (I - 11'/k) V_q for every question, shape ``[questions, dim, dim]``."""
    parts = np.split(options, offsets[1:-1])
    centred = [part - part.mean(axis=0) for part in parts]
    return np.stack([part.T @ part / 2 for part in centred])


def inverse_curvatures(
    answers: Answers, respondents: int, curvature: FloatArray, prior: Prior
) -> Iterator[tuple[slice, FloatArray]]:
    """The inverse of P + the curvatures of the questions answered, for a block of respondents at a time."""
    asked = sparse_rows(answers.respondent, answers.question, 1.0, (respondents, len(curvature)))
    flat, shape = curvature.reshape(len(curvature), -1), (-1, *prior.precision.shape)
    for start in range(0, respondents, BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, np.linalg.inv((asked[rows] @ flat).reshape(shape) + prior.precision)


def times(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    """Matrix times vector, row by row: ``[n, dim, dim]`` and ``[n, dim]`` to ``[n, dim]``."""
    product: FloatArray = (matrices @ vectors[:, :, None])[:, :, 0]
    return product
