"""Factorization by gradient descent: vectors and biases under either loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.embedding.factorization.fold_in import Prior
from personaspace.embedding.factorization.option_values import LEAST_VARIANCE, answer_values
from personaspace.embedding.loss import answer_table, mean_cross_entropy, sum_cross_entropy
from personaspace.embedding.optimize import batches, train
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey

STEPS = 64  # of an epoch on squared error, at the least: with fewer a small survey is not learned at all
START = 0.1  # standard deviation of the vectors at the start


class Learner(ABC):
    """A factorization being fitted; its ``parameters`` are u, the vectors of questions or options, and their biases."""

    learning_rate: ClassVar[float]
    decay: ClassVar[bool]
    parameters: tuple[Tensor, Tensor, Tensor]

    @abstractmethod
    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch."""

    @abstractmethod
    def mean_loss(self, answers: Answers) -> float:
        """The mean loss of some answers, by which training stops early."""

    def fit(
        self,
        validation_loss: Callable[[], float],
        *,
        learning_rate: float | None,
        epochs: int,
        patience: int,
        on_epoch: OnEpoch | None,
    ) -> None:
        """Train the parameters and keep those of the epoch with the least validation loss."""
        train(
            [(tensor, learning_rate or self.learning_rate) for tensor in self.parameters],
            self.losses,
            validation_loss,
            epochs=epochs,
            patience=patience,
            decay=self.decay,
            on_epoch=on_epoch,
        )

    def variance(self) -> FloatArray:
        """Of the residuals, shape ``[questions]``; a single 1 where there are none."""
        return np.ones(1)

    def prior(self) -> Prior:
        """The normal distribution of the respondents' vectors."""
        return Prior.of(self.parameters[0].detach().numpy())


class NumberLearner(Learner):
    """Mean of w_i (<u_i, q_j> + b_j - r_ij)^2 over batches of answers; u, q and b are its ``parameters``.

    Args:
        survey: Whose respondents and questions.
        answers: To learn from.
        dim: Length of the vectors.
        seed: Of the first parameters and of the order of the batches.
        weights: w_i, of mean about 1, shape ``[respondents]``; ones where not given.
    """

    learning_rate, decay = 1e-3, False
    batch = 2048

    def __init__(
        self, survey: Survey, answers: Answers, dim: int, seed: int, weights: FloatArray | None = None
    ) -> None:
        self.weights = np.ones(len(survey.respondents)) if weights is None else weights
        self.rng = np.random.default_rng(seed)
        self.questions = survey.questions
        self.answers = self._on_scale(answers)
        questions = len(survey.questions)
        count = np.bincount(self.answers.question, minlength=questions)
        total = np.bincount(self.answers.question, self._values_of(self.answers), minlength=questions)
        self.parameters = (
            _start(self.rng, len(survey.respondents), dim),
            _start(self.rng, questions, dim),
            _tensor((total + 0.5) / (count + 1)),
        )

    def variance(self) -> FloatArray:
        """Of the residuals, the same for every question; shape ``[questions]``."""
        return np.full(len(self.parameters[1]), max(self.mean_loss(self.answers), LEAST_VARIANCE))

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch."""
        columns = self._columns(self.answers)
        weights = torch.tensor(self.weights[self.answers.respondent], dtype=torch.float32)
        size = min(self.batch, len(self.answers) / STEPS)
        for rows in batches(np.arange(len(self.answers)), size, self.rng):
            at = torch.from_numpy(rows)
            yield (weights[at] * self._squared(*(column[at] for column in columns))).mean()

    def mean_loss(self, answers: Answers) -> float:
        """Mean squared error of the answers that have a value on a scale; 0 where none has."""
        return torch.nan_to_num(self._squared(*self._columns(self._on_scale(answers))).mean()).item()

    def _squared(self, respondent: Tensor, question: Tensor, value: Tensor) -> Tensor:
        respondents, questions, bias = self.parameters
        predicted = (respondents[respondent] * questions[question]).sum(1) + bias[question]
        return (predicted - value).square()

    def _columns(self, answers: Answers) -> tuple[Tensor, Tensor, Tensor]:
        value = torch.tensor(self._values_of(answers), dtype=torch.float32)
        return torch.tensor(answers.respondent), torch.tensor(answers.question), value

    def _on_scale(self, answers: Answers) -> Answers:
        return answers.where(~np.isnan(self._values_of(answers)))

    def _values_of(self, answers: Answers) -> FloatArray:
        return answer_values(self.questions, answers)


class OptionLearner(Learner):
    """Mean cross-entropy over batches of respondents; u, v and b are its ``parameters``.

    Args:
        survey: Whose respondents and questions.
        answers: To learn from.
        dim: Length of the vectors.
        seed: Of the first parameters and of the order of the batches.
    """

    learning_rate, decay = 0.05, True
    batch = 512

    def __init__(self, survey: Survey, answers: Answers, dim: int, seed: int) -> None:
        self.rng, self.answers = np.random.default_rng(seed), answers
        self.option_softmax = OptionSoftmax(survey.offsets)
        counts = np.bincount(survey.offsets[answers.question] + answers.option, minlength=survey.offsets[-1])
        self.parameters = (
            _start(self.rng, len(survey.respondents), dim),
            _start(self.rng, len(counts), dim),
            _tensor(np.log(counts + 1)),
        )

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch."""
        respondents, options, bias = self.parameters
        present = np.unique(self.answers.respondent)
        for rows in batches(present, min(self.batch, len(present) / 4), self.rng):
            table = answer_table(self.answers, rows, self.option_softmax.questions)
            vectors = respondents[torch.from_numpy(rows)]
            loss = sum_cross_entropy(self.option_softmax, vectors, options, bias, table)
            yield (loss + vectors.square().sum() / 2) / int((table >= 0).sum())

    def mean_loss(self, answers: Answers) -> float:
        """Mean cross-entropy of the answers."""
        respondents, options, bias = self.parameters
        return mean_cross_entropy(self.option_softmax, respondents, options, bias, answers)


def _start(rng: np.random.Generator, rows: int, dim: int) -> Tensor:
    return _tensor(rng.normal(0, START, (rows, dim)))


def _tensor(values: FloatArray) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)
