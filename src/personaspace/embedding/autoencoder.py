"""A denoising autoencoder: one pass from any subset of a respondent's answers to a vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import Embedder, OnEpoch, ascending, check_between, check_learnable, check_whole
from personaspace.embedding.loss import AnswerLoss
from personaspace.embedding.optimize import batches, train
from personaspace.embedding.option_softmax import UNANSWERED, answer_table, mean_cross_entropy
from personaspace.embedding.platt import calibrate
from personaspace.embedding.sparse import sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

BATCH, STEPS = 512, 16  # respondents in a step at the most, steps in an epoch at the least
PRIOR = 20.0  # empty answers in the length that inputs are divided by
SCALE = 5.0  # size of the inputs, so that the first steps reach beyond tanh's linear part
START = 0.05  # standard deviation of the option vectors at the start


@dataclass(eq=False)
class Autoencoder(Embedder):
    """A denoising autoencoder (Vincent et al. 2008) over options, in the line of arXiv 1802.05814.

        x_o = 5 / sqrt(n + 20) for the n options chosen, else 0
        u = tanh(W x + c),  score(o) = <u, v_o> + b_o

    In every step a random share of each respondent's answers, the share itself uniform between ``hidden``'s ends, is
    taken out of x, and the loss is that of exactly these answers. So the encoder learns to place people from few
    answers as from many: seen or not, a respondent is embedded in one pass.

    Attributes:
        hidden: The least and the greatest share of answers hidden in a step.
        dropout: Share of the vector's numbers set to 0 in a step.
        learning_rate: Adam's, falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the early-stopping answers before training ends.
        weighted: Whether the loss counts respondents by their survey weights.
        ordinal: What the order of options counts in the loss (:class:`personaspace.embedding.loss.AnswerLoss`).
        calibrated: Whether v and b are each multiplied by a number in the end, so that chances are calibrated
            (:func:`personaspace.embedding.platt.calibrate`); it may change which option is the likeliest.
        encoder_: W, transposed, shape ``[options, dim]``.
        shift_: c, shape ``[dim]``.

    Raises:
        SettingError: A setting is outside what is allowed.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Autoencoder(dim=32, epochs=2).fit(survey).embed(survey).shape
        (100, 32)
    """

    name: ClassVar[str] = "autoencoder"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "encoder_", "shift_")

    dim: int = 256
    seed: int = 0
    hidden: tuple[float, float] = (0.2, 0.8)
    dropout: float = 0.5
    learning_rate: float = 4e-3
    epochs: int = 30
    patience: int = 5
    weighted: bool = False
    ordinal: float = 0.0
    calibrated: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("epochs", self.epochs, least=1)
        check_whole("patience", self.patience, least=1)
        self.hidden = (self.hidden[0], self.hidden[1])
        for share in self.hidden:
            check_between("hidden", share, 0, 1)
        check_between("dropout", self.dropout, -1e-9, 1)
        check_between("learning_rate", self.learning_rate, 0, 10)
        check_between("ordinal", self.ordinal, -1e-9, 1e3)
        self.encoder_: Vectors
        self.shift_: Vectors

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn encoder and option vectors; see :meth:`Embedder.fit`."""
        check_learnable(survey)
        run = _Training(self, survey)
        train(
            [(tensor, self.learning_rate) for tensor in run.parameters],
            run.losses,
            run.watched_loss,
            epochs=self.epochs,
            patience=self.patience,
            on_epoch=on_epoch,
        )
        self.encoder_, self.shift_, self.options_, self.bias_ = (tensor.detach().numpy() for tensor in run.parameters)
        self.ids_, self.questions_ = survey.respondents, survey.questions
        self.respondents_ = self._encode(run.answers, len(survey.respondents))
        if self.calibrated:
            calibrate(self, survey)
        return self

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents in one pass over their answers; see :meth:`Embedder.embed`."""
        return self._encode(self.known_answers(survey), len(survey.respondents))

    def _encode(self, answers: Answers, respondents: int) -> Vectors:
        sizes = np.bincount(answers.respondent, minlength=respondents)
        size = (SCALE / np.sqrt(sizes + PRIOR))[answers.respondent]
        nodes = self.offsets_[answers.question] + answers.option
        inputs = sparse_rows(answers.respondent, nodes, size, (respondents, len(self.encoder_)))
        vectors: Vectors = np.tanh(inputs @ self.encoder_ + self.shift_)
        return vectors


class _Training:
    """What one fit works on: the weights, the answers to learn from, those watched for early stopping."""

    def __init__(self, model: Autoencoder, survey: Survey) -> None:
        watched = validation_mask(survey)
        self.model, self.rng = model, np.random.default_rng(model.seed)
        self.noise = torch.Generator().manual_seed(model.seed)
        self.loss = AnswerLoss(survey.questions, model.ordinal)
        self.weights = torch.tensor(survey.relative_weight, dtype=torch.float32) if model.weighted else None
        self.answers = ascending(survey.answers.where(~watched))
        self.watched = survey.answers.where(watched) if watched.any() else self.answers
        self.starts = torch.from_numpy(survey.offsets[:-1])
        nodes = survey.offsets[self.answers.question] + self.answers.option
        weight = survey.relative_weight[self.answers.respondent] if model.weighted else None
        counts = np.bincount(nodes, weight, minlength=int(survey.offsets[-1]))
        reach = 1 / np.sqrt(len(counts))
        self.parameters = (
            _tensor(self.rng.uniform(-reach, reach, (len(counts), model.dim))),
            _tensor(np.zeros(model.dim)),
            _tensor(self.rng.normal(0, START, (len(counts), model.dim))),
            _tensor(np.log(counts + 1)),
        )

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch: the hidden answers, predicted from the others."""
        who = np.unique(self.answers.respondent)
        for rows in batches(who, min(BATCH, len(who) / STEPS), self.rng):
            table = answer_table(self.answers, rows, len(self.starts))
            least, most = self.model.hidden
            share = least + (most - least) * torch.rand(len(rows), 1, generator=self.noise)
            hide = torch.rand(table.shape, generator=self.noise) < share
            vectors = self.encoded(table.masked_fill(hide, UNANSWERED))
            kept = torch.rand(vectors.shape, generator=self.noise) >= self.model.dropout
            vectors = vectors * kept / (1 - self.model.dropout)
            weights = None if self.weights is None else self.weights[torch.from_numpy(rows)]
            yield self.loss(vectors, *self.parameters[2:], table.masked_fill(~hide, UNANSWERED), weights)

    def watched_loss(self) -> float:
        """Mean cross-entropy of the answers watched for early stopping."""
        who = np.arange(int(self.answers.respondent.max()) + 1)
        tables = (
            answer_table(self.answers, rows, len(self.starts)) for rows in np.array_split(who, 1 + len(who) // 1024)
        )
        vectors = torch.cat([self.encoded(table) for table in tables])
        return mean_cross_entropy(self.loss.choices, vectors, *self.parameters[2:], self.watched)

    def encoded(self, table: Tensor) -> Tensor:
        """The vectors of respondents who gave the answers of a table, shape ``[respondents, dim]``."""
        encoder, shift = self.parameters[:2]
        given = table >= 0
        inputs = torch.zeros(len(table), len(encoder))
        row, question = given.nonzero(as_tuple=True)
        size = SCALE / torch.sqrt(given.sum(1) + PRIOR)
        inputs[row, self.starts[question] + table[row, question]] = size[row]
        return torch.tanh(inputs @ encoder + shift)


def _tensor(values: FloatArray) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)
