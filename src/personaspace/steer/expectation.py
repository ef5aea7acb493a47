r"""What a space expects of the answers to any question, asked before or not, from its text.

The options of the questions asked have log-odds Y that are linear in a point (:mod:`personaspace.steer.log_odds`).
Those of any question follow by Gaussian-process regression with the kernel of
:mod:`personaspace.steer.question_kernel` (Rasmussen and Williams 2006, eq. 2.25, 2.26),

    Y* = K* (K + s^2 I)^-1 Y,    var* = k** - K* (K + s^2 I)^-1 K*^T,

and those of an asked question, had it not been asked, by leaving out all of its options b (eq. 5.12, for a block),

    Y_b - ([(K + s^2 I)^-1]_bb)^-1 [(K + s^2 I)^-1 Y]_b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from personaspace.steer.question_kernel import MOST_ALIKE, QuestionKernel
from personaspace.survey.answers import FloatArray
from personaspace.survey.question import Question, offsets_of

NOISE = 0.03 * MOST_ALIKE


@dataclass(frozen=True)
class Expected:
    """What is expected of the answers to one question.

    Attributes:
        weights: Of each option's log-odds, shape ``[options, 1 + dim]``.
        doubt: Standard deviation left, as a share of what it would be with no question asked: 0 to 1.
    """

    weights: Tensor
    doubt: float

    def log_odds(self, vectors: Tensor) -> Tensor:
        """Centred log-odds of the options for points ``[n, dim]``, shape ``[n, options]``."""
        odds = self.weights[:, 0] + vectors @ self.weights[:, 1:].T
        return odds - odds.mean(dim=1, keepdim=True)

    def ordered(self, order: Sequence[int]) -> Expected:
        """The same with the options in another order."""
        return Expected(self.weights[list(order)], self.doubt)


class Expectation:
    """What a space expects of any question.

    Args:
        questions: The questions asked.
        states: What the frozen model made of each, shape ``[questions, width]``.
        log_odds: Weights of their options' log-odds, shape ``[options, 1 + dim]``.
    """

    def __init__(self, questions: Sequence[Question], states: FloatArray, log_odds: FloatArray) -> None:
        self.questions = tuple(questions)
        self.states: FloatArray = np.asarray(states, dtype=np.float64)
        self.weights: FloatArray = np.asarray(log_odds, dtype=np.float64)

    def of(self, question: Question, states: Tensor) -> Expected:
        """What is expected of a question, asked before or not.

        Args:
            question: Any.
            states: What the frozen model made of it, shape ``[width]``.
        """
        likeness = self._kernel([question], states.cpu().numpy()[None].astype(np.float64))
        return _expected(likeness @ self._solved, self._variance(likeness).mean())

    @cached_property
    def as_asked(self) -> list[Expected]:
        """What is expected of each question asked."""
        fitted, variance = self._likeness @ self._solved, self._variance(self._likeness)
        return [_expected(fitted[block], variance[block].mean()) for block in self._blocks]

    @cached_property
    def had_it_not_been_asked(self) -> list[Expected]:
        """What would be expected of each question asked if it had not been."""
        expected = []
        for block in self._blocks:
            covariance = np.linalg.inv(self._inverse[block, block])
            weights = self.weights[block] - covariance @ self._solved[block]
            expected.append(_expected(weights, np.diag(covariance).mean() - NOISE))
        return expected

    @cached_property
    def as_told(self) -> list[Expected]:
        """What the space itself says of each question asked."""
        return [_expected(self.weights[block], 0.0) for block in self._blocks]

    def tensors(self) -> dict[str, FloatArray]:
        """What :meth:`restored` needs beside the questions."""
        return {"states": self.states, "log_odds": self.weights}

    @classmethod
    def restored(cls, questions: Sequence[Question], tensors: Mapping[str, FloatArray]) -> Expectation:
        """The expectation these tensors are of."""
        return cls(questions, tensors["states"], tensors["log_odds"])

    @cached_property
    def _blocks(self) -> list[slice]:
        return [slice(start, stop) for start, stop in pairwise(offsets_of(self.questions))]

    @cached_property
    def _kernel(self) -> QuestionKernel:
        return QuestionKernel(self.questions, self.states)

    @cached_property
    def _likeness(self) -> FloatArray:
        return self._kernel(self.questions, self.states)

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self._likeness + NOISE * np.eye(len(self._likeness))), dtype=np.float64)

    @cached_property
    def _solved(self) -> FloatArray:
        solved: FloatArray = self._inverse @ self.weights
        return solved

    def _variance(self, likeness: FloatArray) -> FloatArray:
        variance: FloatArray = MOST_ALIKE - np.einsum("ij,ij->i", likeness @ self._inverse, likeness)
        return variance


def _expected(weights: FloatArray, variance: float) -> Expected:
    doubt = float(np.sqrt(np.clip(variance / MOST_ALIKE, 0.0, 1.0)))
    return Expected(torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32)), doubt)
