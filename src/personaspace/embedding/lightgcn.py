"""LightGCN over respondents and options, trained to predict the answers left out of its graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import (
    Embedder,
    OnEpoch,
    Vectors,
    ascending,
    check_between,
    check_learnable,
    check_whole,
)
from personaspace.embedding.choices import Choices, answer_table, mean_cross_entropy
from personaspace.embedding.graph import Edges, drop_edges, sparse_rows
from personaspace.embedding.training import batches, train
from personaspace.survey.answers import Answers
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import FloatArray, Survey

BATCH = 2048  # respondents whose left-out answers one step predicts
START = 0.1  # standard deviation of the option vectors at the start


@dataclass(eq=False)
class LightGCN(Embedder):
    """LightGCN (arXiv 2002.02126) with a node per respondent and a node per *option*.

    Vectors travel along the answers, without transform or nonlinearity (its eq. 3), and the layers' outputs are
    averaged (its eq. 4):

        u_i^(l+1) = sum over options o that i chose of v_o^(l) / sqrt((deg_i + prior) deg_o)
        v_o^(l+1) = sum over respondents i who chose o of u_i^(l) / sqrt((deg_i + prior) deg_o)
        u_i = mean of u_i^(0..layers),  v_o = mean of v_o^(0..layers),  score(i, o) = <u_i, v_o> + b_o

    with b_o the logarithm of how often o was chosen, so that u = 0 predicts what the population answers.

    Three things differ from the paper. Only options have vectors of their own, v_o^(0) ("items" there); a respondent
    ("user") starts at u_i^(0) = 0, so whoever has answers is placed by the same formula, seen or unseen, without
    fitting anything. ``prior`` empty answers in the degree keep those who answered little near the origin. Every
    batch leaves a random part of the answers out of the graph, and the loss is the cross-entropy of exactly these,
    each over the options of its question.

    Attributes:
        layers: How often vectors travel along the graph.
        prior: Empty answers added to every respondent's degree.
        dropout: Share of the answers left out of the graph, and predicted, in a batch.
        learning_rate: Adam's, falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the early-stopping answers before training ends.
        messages_: What an answer adds to its respondent's vector, shape ``[options, dim]``.

    Raises:
        SettingError: A setting is outside what is allowed.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> embedder = LightGCN(dim=8, epochs=2).fit(survey)
        >>> embedder.embed(survey).shape
        (100, 8)
    """

    name: ClassVar[str] = "lightgcn"
    tensors: ClassVar[tuple[str, ...]] = ("respondents_", "options_", "bias_", "messages_")

    dim: int = 128
    seed: int = 0
    layers: int = 2
    prior: float = 20.0
    dropout: float = 0.5
    learning_rate: float = 0.2
    epochs: int = 30
    patience: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("layers", "epochs", "patience"):
            check_whole(name, getattr(self, name), least=1)
        check_between("dropout", self.dropout, 0, 1)
        check_between("learning_rate", self.learning_rate, 0, 10)
        check_between("prior", self.prior, 0, 1e6)
        self.messages_: Vectors

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn the option vectors; see :meth:`Embedder.fit`."""
        check_learnable(survey)
        run = _Training(self, survey)
        train(
            [(run.options, self.learning_rate)],
            run.losses,
            run.watched_loss,
            epochs=self.epochs,
            patience=self.patience,
            on_epoch=on_epoch,
        )
        with torch.no_grad():
            sent, received = self.propagated(run.options, run.edges)
            self.respondents_ = run.edges.to_respondents(sent).numpy()
        self.options_, self.bias_ = received.numpy(), run.bias.numpy()
        self.messages_ = sent.numpy() * run.option_norm[:, None]
        self.ids_, self.questions_ = survey.respondents, survey.questions
        return self

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents along their answers, without fitting anything; see :meth:`Embedder.embed`."""
        answers = self._known_answers(survey)
        shape = (len(survey.respondents), int(self.offsets_[-1]))
        norm = _respondent_norm(answers, shape[0], self.prior)
        nodes = self.offsets_[answers.question] + answers.option
        vectors: Vectors = sparse_rows(answers.respondent, nodes, norm[answers.respondent], shape) @ self.messages_
        return vectors

    def propagated(self, options: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
        """What options send to respondents, and their own final vectors, both summed over the layers.

        Args:
            options: v^(0), shape ``[options, dim]``.
            edges: The normalised graph.

        Returns:
            Sum of v^(0), v^(2), ... below ``layers``, from which ``edges`` makes u; and the vectors v. Both are
            divided by ``layers + 1``.
        """
        layers = [options]
        for _ in range(self.layers // 2):
            layers.append(edges.to_options(edges.to_respondents(layers[-1])))
        sent, received = torch.stack(layers[: (self.layers + 1) // 2]), torch.stack(layers)
        return sent.sum(0) / (self.layers + 1), received.sum(0) / (self.layers + 1)


class _Training:
    """What one fit works on: the graph, the option vectors, the answers watched for early stopping."""

    def __init__(self, model: LightGCN, survey: Survey) -> None:
        watched = early_stopping(survey)
        self.model, self.rng, self.choices = model, np.random.default_rng(model.seed), Choices(survey.offsets)
        self.answers = ascending(survey.answers.where(~watched))
        self.watched = survey.answers.where(watched) if watched.any() else self.answers
        nodes = survey.offsets[self.answers.question] + self.answers.option
        counts = np.bincount(nodes, minlength=int(survey.offsets[-1]))
        self.option_norm = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
        values = _respondent_norm(self.answers, len(survey.respondents), model.prior)[self.answers.respondent]
        shape = (len(survey.respondents), len(counts))
        self.edges = Edges(sparse_rows(self.answers.respondent, nodes, values * self.option_norm[nodes], shape))
        start = self.rng.normal(0, START, (len(counts), model.dim))
        self.options = torch.tensor(start, dtype=torch.float32, requires_grad=True)
        self.bias = torch.tensor(np.log(counts + 1), dtype=torch.float32)

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch: the answers left out of the graph, predicted from the others."""
        respondents = np.unique(self.answers.respondent)
        for rows in batches(respondents, min(BATCH, len(respondents) / 4), self.rng):
            kept = self.rng.random(len(self.answers)) >= self.model.dropout
            sent, received = self.model.propagated(self.options, edges := Edges(drop_edges(self.edges.matrix, kept)))
            vectors = edges.to_respondents(sent)[torch.from_numpy(rows)]
            table = answer_table(self.answers.where(~kept), rows, self.choices.questions)
            loss = self.choices.cross_entropy(vectors, received, self.bias, table)
            yield loss / max(int((table >= 0).sum()), 1)

    def watched_loss(self) -> float:
        """Mean cross-entropy of the answers watched for early stopping."""
        sent, received = self.model.propagated(self.options, self.edges)
        respondents = self.edges.to_respondents(sent)
        return mean_cross_entropy(self.choices, respondents, received, self.bias, self.watched)


def _respondent_norm(answers: Answers, respondents: int, prior: float) -> FloatArray:
    """1 / sqrt(deg_i + prior), shape ``[respondents]``."""
    norm: FloatArray = 1 / np.sqrt(np.bincount(answers.respondent, minlength=respondents) + prior)
    return norm
