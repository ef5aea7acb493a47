r"""What a space expects of the answers to any question, asked before or not, from its text.

The options of the questions asked have log-odds Y that are linear in a point (:mod:`personaspace.newquestions.log_odds`).
Those of any question follow by Gaussian-process regression with the kernel of
:mod:`personaspace.newquestions.features` (Rasmussen and Williams 2006, eq. 2.25, 2.26),

    Y* = K* (K + s^2 I)^-1 Y,    var* = k** - K* (K + s^2 I)^-1 K*^T,

and those of an asked question, had it not been asked, by leaving out all of its options b (eq. 5.12, for a block),

    Y_b - ([(K + s^2 I)^-1]_bb)^-1 [(K + s^2 I)^-1 Y]_b.

Time grows with the cube of the options and memory with their square. Of a survey with more than 8,000 options every
second question is learnt from, or every third, and so on until they are few enough; of the others is expected, before
and after, what would be had they not been asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from personaspace.files import read_json, read_tensors, write_json, write_tensors
from personaspace.newquestions.features import MOST_ALIKE, QuestionKernel
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question, offsets_of

NOISE = 0.03 * MOST_ALIKE
MOST_OPTIONS = 8000
TOGETHER = 50

QUESTIONS, WEIGHTS = "question_prior.json", "question_prior.safetensors"


@dataclass(frozen=True)
class OptionWeights:
    """What is expected of the answers to one question.

    Attributes:
        weights: Of each option's log-odds, shape ``[options, 1 + dim]``.
        uncertainty: Standard deviation left, as a share of what it would be with no question asked: 0 to 1.
    """

    weights: Tensor
    uncertainty: float

    def log_odds(self, vectors: Tensor) -> Tensor:
        """Centred log-odds of the options for points ``[n, dim]``, shape ``[n, options]``."""
        weights = self.weights.to(vectors)
        odds = weights[:, 0] + vectors @ weights[:, 1:].T
        return odds - odds.mean(dim=1, keepdim=True)

    def ordered(self, order: Sequence[int]) -> OptionWeights:
        """The same with the options in another order."""
        return OptionWeights(self.weights[list(order)], self.uncertainty)


class QuestionPrior:
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

        self._learnt_from = _few_enough(self.questions)

    def of(self, question: Question, states: Tensor) -> OptionWeights:
        """What is expected of a question, asked before or not.

        Args:
            question: Any.
            states: What the frozen model made of it, shape ``[width]``.
        """
        return self._predicted([question], states.cpu().numpy()[None].astype(np.float64))[0]

    @cached_property
    def smoothed(self) -> list[OptionWeights]:
        """What is expected of each question asked."""
        return self._predicted(self.questions, self.states)

    @cached_property
    def leave_one_out(self) -> list[OptionWeights]:
        """What would be expected of each question asked if it had not been."""
        expected = list(self.smoothed)
        for question, block in zip(self._learnt_from, _blocks(self._known), strict=True):
            covariance = np.linalg.inv(self._inverse[block, block])
            weights = self._known_weights[block] - covariance @ self._solved[block]
            expected[question] = _expected(weights, np.diag(covariance).mean() - NOISE)
        return expected

    @cached_property
    def own(self) -> list[OptionWeights]:
        """What the space itself says of each question asked."""
        return [_expected(self.weights[block], 0.0) for block in _blocks(self.questions)]

    def save(self, folder: Path) -> None:
        """Write ``question_prior.json``, the questions, and ``question_prior.safetensors``, all else."""
        write_tensors(folder / WEIGHTS, {"states": self.states, "log_odds": self.weights})
        write_json(folder / QUESTIONS, [question.to_json() for question in self.questions])

    @classmethod
    def load(cls, folder: Path) -> QuestionPrior:
        """Read what :meth:`save` wrote; :class:`RunError` where a file is missing or damaged."""
        questions = [Question.from_json(known) for known in read_json(folder / QUESTIONS)]
        tensors = read_tensors(folder / WEIGHTS)
        return cls(questions, tensors["states"], tensors["log_odds"])

    def _predicted(self, questions: Sequence[Question], states: FloatArray) -> list[OptionWeights]:
        expected = []
        for start in range(0, len(questions), TOGETHER):
            some = questions[start : start + TOGETHER]
            likeness = self._kernel(some, states[start : start + TOGETHER])
            weights = likeness @ self._solved
            variance = MOST_ALIKE - np.einsum("ij,ij->i", likeness @ self._inverse, likeness)
            expected += [_expected(weights[block], variance[block].mean()) for block in _blocks(some)]
        return expected

    @cached_property
    def _known(self) -> list[Question]:
        return [self.questions[question] for question in self._learnt_from]

    @cached_property
    def _known_weights(self) -> FloatArray:
        blocks = _blocks(self.questions)
        return np.concatenate([self.weights[blocks[question]] for question in self._learnt_from])

    @cached_property
    def _kernel(self) -> QuestionKernel:
        return QuestionKernel(self._known, self.states[self._learnt_from])

    @cached_property
    def _inverse(self) -> FloatArray:
        likeness = self._kernel(self._known, self.states[self._learnt_from])
        likeness[np.diag_indices_from(likeness)] += NOISE
        return np.asarray(np.linalg.inv(likeness), dtype=np.float64)

    @cached_property
    def _solved(self) -> FloatArray:
        solved: FloatArray = self._inverse @ self._known_weights
        return solved


def _few_enough(questions: Sequence[Question]) -> range:
    """Every question, or every second, third, ..., so that together they have few enough options."""
    sizes = [len(question.options) for question in questions]
    step = next(step for step in range(1, len(sizes) + 1) if step == len(sizes) or sum(sizes[::step]) <= MOST_OPTIONS)
    return range(0, len(sizes), step)


def _blocks(questions: Sequence[Question]) -> list[slice]:
    """Where the options of each question stand."""
    return [slice(start, stop) for start, stop in pairwise(offsets_of(questions))]


def _expected(weights: FloatArray, variance: float) -> OptionWeights:
    uncertainty = float(np.sqrt(np.clip(variance / MOST_ALIKE, 0.0, 1.0)))
    return OptionWeights(torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32)), uncertainty)
