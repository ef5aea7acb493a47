"""EASE: every answer from all others by ridge regression, in closed form."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.utils.extmath import randomized_svd

from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.calibrated import Calibrated
from personaspace.embedding.platt import majority_shares
from personaspace.embedding.sparse import chosen_options, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import repeat_options, sum_options
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey
from personaspace.survey.validation import training_and_validation_answers

RIDGE = 100.0  # on every coefficient, in answers
BLOCK = 4096  # respondents at a time; bounds the memory, not the result


@dataclass(eq=False)
class EASE(Calibrated):
    """EASE (Steck 2019, arXiv 1905.03375) between the options of different questions, reduced to ``dim`` dimensions.

    With x_io = [i chose o] - p_o for the options of the questions that i answered, else 0, and p_o the share of o:

        B = argmin |X - X B|^2 + 100 |B|^2,  B_oo' = 0 where o and o' are options of one question
        p(o | i) is proportional to p_o exp(sum over o' of x_io' B_o'o / p_o)

    B is known in closed form: with P = (X'X + 100 I)^-1, the columns of question j are -P[:, j] P[j, j]^-1. The matrix
    of B_o'o / p_o is replaced by E V' of rank ``dim``, the one that changes X B and the penalty least (in squares, each
    option's divided by p_o), so that u_i = E' x_i, v_o = V[o] and b_o = log p_o. Nothing is learned in epochs and
    nothing is drawn at random: the seed has no effect.

    Attributes:
        encoder_: E less its mean over the answers to each question, shape ``[options, dim]``; columns of 0 where there
            are more than options.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> EASE(dim=32).fit(survey).embed(survey).shape
        (100, 32)
    """

    name: ClassVar[str] = "ease"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "encoder_")

    dim: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.encoder_: Vectors

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        del on_epoch
        training, _ = training_and_validation_answers(survey)
        offsets, shares = survey.offsets, majority_shares(survey)
        penalised = _moments(training, len(survey.respondents), offsets, shares) + RIDGE * np.eye(len(shares))
        root, weight = np.linalg.cholesky(penalised).T, 1 / np.sqrt(shares)
        goal = root @ _coefficients(penalised, offsets) * weight
        left, values, right = randomized_svd(goal, min(self.dim, len(shares)), random_state=0)
        encoder, padding = solve_triangular(root, left * values), [(0, 0), (0, self.dim - len(values))]
        means = sum_options((encoder * shares[:, None]).T, offsets)
        self.encoder_ = np.pad(encoder - repeat_options(means, offsets).T, padding).astype(np.float32)
        self.options_ = np.pad((right * weight).T, padding).astype(np.float32)
        self.bias_ = np.log(shares).astype(np.float32)

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        inputs = int(offsets_of([*questions, *traits])[-1])
        return super().shapes(respondents, questions) | {"encoder_": (inputs, self.dim)}

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents by the sum of E over the options they chose; see :meth:`Embedder.embed`."""
        answers = self.known_answers(survey)
        chosen = chosen_options(answers, len(survey.respondents), offsets_of(self.placed_by_))
        vectors: Vectors = chosen @ self.encoder_
        return vectors


def _moments(answers: Answers, respondents: int, offsets: IntArray, shares: FloatArray) -> FloatArray:
    """X'X, shape ``[options, options]``."""
    chosen = chosen_options(answers, respondents, offsets)
    asked = sparse_rows(answers.respondent, answers.question, 1.0, (respondents, len(offsets) - 1))
    moments = np.zeros((offsets[-1], offsets[-1]))
    for start in range(0, respondents, BLOCK):
        rows = slice(start, start + BLOCK)
        inputs = chosen[rows].toarray() - repeat_options(asked[rows].toarray(), offsets) * shares
        moments += inputs.T @ inputs
    return moments


def _coefficients(penalised: FloatArray, offsets: IntArray) -> FloatArray:
    """B from X'X + 100 I, both of shape ``[options, options]``."""
    precision = np.asarray(np.linalg.inv(penalised), np.float64)
    coefficients = np.empty_like(precision)
    for own in itertools.starmap(slice, itertools.pairwise(offsets)):
        coefficients[:, own] = -np.linalg.solve(precision[own, own], precision[own]).T
        coefficients[own, own] = 0
    return coefficients
