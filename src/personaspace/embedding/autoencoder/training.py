"""Training of the autoencoder: random answers are hidden and predicted from those left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.embedding.autoencoder.encoder import PRIOR, SCALE
from personaspace.embedding.base import OnEpoch
from personaspace.embedding.loss import UNANSWERED, AnswerLoss, answer_table, mean_cross_entropy
from personaspace.embedding.optimize import batches, train
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import about_traits
from personaspace.survey.validation import training_and_validation_answers

BATCH, STEPS = 512, 16  # respondents in a step at the most, steps in an epoch at the least
START = 0.05  # standard deviation of the option vectors at the start


class Settings(Protocol):
    """The settings that training needs; see :class:`personaspace.embedding.autoencoder.model.Autoencoder`."""

    dim: int
    seed: int
    hidden: tuple[float, float]
    dropout: float
    learning_rate: float
    epochs: int
    patience: int
    weighted: bool
    ordinal: float


class Training:
    """Encoder and option vectors, the answers to learn from, and the validation answers.

    Args:
        survey: What people answered.
        settings: Of the model.

    Attributes:
        parameters: W, transposed, shape ``[options, dim]``; c, shape ``[dim]``; v, shape ``[options, dim]``; b, shape
            ``[options]``.
    """

    def __init__(self, survey: Survey, settings: Settings) -> None:
        self.settings, self.rng = settings, np.random.default_rng(settings.seed)
        self.noise = torch.Generator().manual_seed(settings.seed)
        self.loss = AnswerLoss(survey.questions, settings.ordinal)
        self.weights = torch.tensor(survey.relative_weight, dtype=torch.float32) if settings.weighted else None
        self.answers, self.validation = training_and_validation_answers(survey)
        self.starts = torch.from_numpy(survey.offsets[:-1])
        self.visible = torch.from_numpy(about_traits(survey.questions))
        nodes = survey.offsets[self.answers.question] + self.answers.option
        weight = survey.relative_weight[self.answers.respondent] if settings.weighted else None
        counts = np.bincount(nodes, weight, minlength=int(survey.offsets[-1]))
        reach = 1 / np.sqrt(len(counts))
        self.parameters = (
            _tensor(self.rng.uniform(-reach, reach, (len(counts), settings.dim))),
            _tensor(np.zeros(settings.dim)),
            _tensor(self.rng.normal(0, START, (len(counts), settings.dim))),
            _tensor(np.log(counts + 1)),
        )

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch: the hidden answers, predicted from the others."""
        respondents = np.unique(self.answers.respondent)
        for rows in batches(respondents, min(BATCH, len(respondents) / STEPS), self.rng):
            table = answer_table(self.answers, rows, len(self.starts))
            least, most = self.settings.hidden
            share = least + (most - least) * torch.rand(len(rows), 1, generator=self.noise)
            hide = (torch.rand(table.shape, generator=self.noise) < share) & ~self.visible
            vectors = self.encoded(table.masked_fill(hide, UNANSWERED))
            kept = torch.rand(vectors.shape, generator=self.noise) >= self.settings.dropout
            vectors = vectors * kept / (1 - self.settings.dropout)
            weights = None if self.weights is None else self.weights[torch.from_numpy(rows)]
            yield self.loss(vectors, *self.parameters[2:], table.masked_fill(~hide, UNANSWERED), weights)

    def validation_loss(self) -> float:
        """Mean cross-entropy of the validation answers."""
        rows = np.arange(int(self.answers.respondent.max()) + 1)
        parts = np.array_split(rows, 1 + len(rows) // 1024)
        vectors = torch.cat([self.encoded(answer_table(self.answers, part, len(self.starts))) for part in parts])
        return mean_cross_entropy(self.loss.option_softmax, vectors, *self.parameters[2:], self.validation)

    def encoded(self, table: Tensor) -> Tensor:
        """The vectors of respondents who gave the answers of a table, shape ``[respondents, dim]``."""
        weights, shift = self.parameters[:2]
        given = table >= 0
        count = given.sum(1)
        chosen = (self.starts + table)[given]
        summed = functional.embedding_bag(chosen, weights, count.cumsum(0) - count, mode="sum")
        return torch.tanh(summed * (SCALE / torch.sqrt(count + PRIOR))[:, None] + shift)


def fit(survey: Survey, settings: Settings, on_epoch: OnEpoch | None) -> list[Vectors]:
    """Train on a survey; see :attr:`Training.parameters` for the four arrays returned."""
    training = Training(survey, settings)
    train(
        [(tensor, settings.learning_rate) for tensor in training.parameters],
        training.losses,
        training.validation_loss,
        epochs=settings.epochs,
        patience=settings.patience,
        on_epoch=on_epoch,
    )
    return [tensor.detach().numpy() for tensor in training.parameters]


def _tensor(values: FloatArray) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)
