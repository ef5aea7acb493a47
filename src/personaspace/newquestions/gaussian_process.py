r"""A prior for the answers to any question, asked before or not, by Gaussian-process regression on its text.

The options of the questions asked have log-odds Y that are linear in a respondent's vector
(:mod:`personaspace.newquestions.log_odds`). Those of any question follow by Gaussian-process regression with the kernel
of :mod:`personaspace.newquestions.features` (Rasmussen and Williams 2006, eq. 2.25, 2.26),

    Y* = K* (K + s^2 I)^-1 Y,    var* = k** - K* (K + s^2 I)^-1 K*^T,

and those of an asked question, had it not been asked, by leaving out all of its options b (eq. 5.12, for a block),

    Y_b - ([(K + s^2 I)^-1]_bb)^-1 [(K + s^2 I)^-1 Y]_b.

Time grows with the cube of the options and memory with their square. Of a survey with more than 8,000 options only
every second question is learnt from, or every third, and so on until they are few enough; the prior of the others is
the one they would have had they not been asked.
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

from personaspace.files import check_tensors, read_checked, read_tensors, write_json, write_tensors
from personaspace.newquestions.features import MAX_SIMILARITY, QuestionKernel
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question, offsets_of

NOISE = 0.03 * MAX_SIMILARITY
MOST_OPTIONS = 8000
BLOCK = 50  # questions predicted at a time; bounds the memory

QUESTIONS, WEIGHTS = "question_prior.json", "question_prior.safetensors"


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


class QuestionPrior:
    """A prior for the answers to any question, by Gaussian-process regression from the questions asked.

    Args:
        questions: The questions asked.
        states: Hidden state of the frozen model for each question, shape ``[questions, width]``.
        log_odds: Weights of their options' log-odds, intercept first; shape ``[options, 1 + dim]``.
    """

    def __init__(self, questions: Sequence[Question], states: FloatArray, log_odds: FloatArray) -> None:
        self.questions = tuple(questions)
        self.states: FloatArray = np.asarray(states, dtype=np.float64)
        self.weights: FloatArray = np.asarray(log_odds, dtype=np.float64)
        self._learnt_from = _few_enough(self.questions)

    def of(self, question: Question, states: Tensor) -> OptionWeights:
        """The prior of a question: of one asked its own log-odds, of another those of the regression.

        Args:
            question: Any. It was asked if one of the questions has its text and its options.
            states: Hidden state of the frozen model for it, shape ``[width]``.
        """
        if (asked := self._place.get(_words(question))) is not None:
            return self.own[asked]
        return self._predicted([question], states.cpu().numpy()[None].astype(np.float64))[0]

    @cached_property
    def leave_one_out(self) -> list[OptionWeights]:
        """The prior that each question asked would have had it not been asked."""
        predicted = self._predicted(self.questions, self.states)
        for question, block in zip(self._learnt_from, _blocks(self._known), strict=True):
            covariance = np.linalg.inv(self._inverse[block, block])
            weights = self._known_weights[block] - covariance @ self._solved[block]
            predicted[question] = _option_weights(weights, np.diag(covariance).mean() - NOISE)
        return predicted

    @cached_property
    def own(self) -> list[OptionWeights]:
        """The log-odds of each question asked as they were given, with no uncertainty."""
        return [_option_weights(self.weights[block], 0.0) for block in _blocks(self.questions)]

    def save(self, folder: str | Path) -> None:
        """Write the questions to ``question_prior.json`` and the arrays to ``question_prior.safetensors``."""
        write_tensors(Path(folder) / WEIGHTS, {"states": self.states, "log_odds": self.weights})
        write_json(Path(folder) / QUESTIONS, [question.to_json() for question in self.questions])

    @classmethod
    def load(cls, folder: str | Path) -> QuestionPrior:
        """Read what :meth:`save` wrote; :class:`RunError` where a file is missing or damaged."""
        path = Path(folder) / WEIGHTS
        questions, tensors = read_checked(Path(folder) / QUESTIONS, tuple[Question, ...]), read_tensors(path)
        options = int(offsets_of(questions)[-1])
        check_tensors(path, tensors, {"states": (len(questions), None), "log_odds": (options, None)})
        return cls(questions, tensors["states"], tensors["log_odds"])

    def _predicted(self, questions: Sequence[Question], states: FloatArray) -> list[OptionWeights]:
        predicted: list[OptionWeights] = []
        for start in range(0, len(questions), BLOCK):
            some = questions[start : start + BLOCK]
            similarity = self._kernel(some, states[start : start + BLOCK])
            weights = similarity @ self._solved
            variance = MAX_SIMILARITY - np.einsum("ij,ij->i", similarity @ self._inverse, similarity)
            predicted += [_option_weights(weights[block], variance[block].mean()) for block in _blocks(some)]
        return predicted

    @cached_property
    def _place(self) -> dict[tuple[str, ...], int]:
        return {_words(question): place for place, question in enumerate(self.questions)}

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
        similarity = self._kernel(self._known, self.states[self._learnt_from])
        similarity[np.diag_indices_from(similarity)] += NOISE
        return np.asarray(np.linalg.inv(similarity), dtype=np.float64)

    @cached_property
    def _solved(self) -> FloatArray:
        solved: FloatArray = self._inverse @ self._known_weights
        return solved


def _few_enough(questions: Sequence[Question]) -> range:
    """Every question, or every second, third, ..., so that together they have few enough options."""
    sizes = [len(question.options) for question in questions]
    step = next(step for step in range(1, len(sizes) + 1) if step == len(sizes) or sum(sizes[::step]) <= MOST_OPTIONS)
    return range(0, len(sizes), step)


def _words(question: Question) -> tuple[str, ...]:
    """Text and options of a question."""
    return question.text, *(option.text for option in question.options)


def _blocks(questions: Sequence[Question]) -> list[slice]:
    """The rows of each question's options."""
    return [slice(start, stop) for start, stop in pairwise(offsets_of(questions))]


def _option_weights(weights: FloatArray, variance: float) -> OptionWeights:
    uncertainty = float(np.sqrt(np.clip(variance / MAX_SIMILARITY, 0.0, 1.0)))
    return OptionWeights(torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32)), uncertainty)
