"""Training of LightGCN: option vectors that predict the answers left out of the graph from the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from scipy.linalg import block_diag
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.embedding.lightgcn.graph import Edges, Graph, inverse_root, keep_edges
from personaspace.embedding.loss import AnswerLoss, answer_table, mean_cross_entropy
from personaspace.embedding.optimize import batches, train
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

BATCH = 2048  # respondents whose left-out answers one step predicts
START = 0.1  # standard deviation of the option vectors at the start


class Settings(Protocol):
    """The settings that training needs; see :class:`personaspace.embedding.lightgcn.model.LightGCN`."""

    dim: int
    seed: int
    layers: int
    prior: float
    dropout: float
    learning_rate: float
    epochs: int
    patience: int
    nodes: str
    weighted: bool
    ordinal: float


class Training:
    """Option vectors, and the loss of predicting a random part of a graph's answers from the others.

    Args:
        counts: How often every option was chosen, weighted where the loss is, shape ``[options]``.
        questions: Whose options they are.
        settings: Of the model.
    """

    def __init__(self, counts: FloatArray | IntArray, questions: Sequence[Question], settings: Settings) -> None:
        self.settings, self.rng = settings, np.random.default_rng(settings.seed)
        self.loss = AnswerLoss(questions, settings.ordinal)
        self.option_norm = inverse_root(counts)
        self.bias = torch.tensor(np.log(counts + 1), dtype=torch.float32)
        self.signs = None if settings.nodes == "options" else _signs(questions)
        nodes = len(counts) if self.signs is None else len(questions)
        self.nodes = torch.tensor(self.rng.normal(0, START, (nodes, settings.dim)), dtype=torch.float32)
        self.nodes.requires_grad_()

    @property
    def options(self) -> Tensor:
        """v^(0), shape ``[options, dim]``."""
        return self.nodes if self.signs is None else self.signs @ self.nodes

    def losses(self, graph: Graph) -> Iterator[Tensor]:
        """The loss of every batch of a graph's respondents."""
        for rows in batches(graph.present, min(BATCH, len(graph.present) / 4), self.rng):
            kept = (self.rng.random(len(graph.answers)) >= self.settings.dropout) | graph.visible
            edges = Edges(keep_edges(graph.matrix, kept, graph.visible))
            vectors, options, _ = graph.propagated(self.options, self.settings.layers, edges)
            table = answer_table(graph.left_out(kept, rows), rows, self.loss.option_softmax.questions)
            at = torch.from_numpy(rows)
            weights = None if graph.weights is None else graph.weights[at]
            yield self.loss(vectors[at], options, self.bias, table, weights)

    def validation_loss(self, graph: Graph) -> float:
        """Mean cross-entropy of a graph's validation answers."""
        respondents, options, _ = graph.propagated(self.options, self.settings.layers)
        return mean_cross_entropy(self.loss.option_softmax, respondents, options, self.bias, graph.validation)


def fit_graph(survey: Survey, settings: Settings, on_epoch: OnEpoch | None) -> tuple[Training, tuple[Vectors, Vectors]]:
    """Train on a survey in memory, with all of its graph in every step.

    Args:
        survey: What people answered.
        settings: Of the model.
        on_epoch: Called after every epoch.

    Returns:
        The training done, and v and what options send, as :meth:`Graph.propagated` gives them.
    """
    graph = Graph(survey, settings.prior, weights=survey.relative_weight if settings.weighted else None)
    training = Training(graph.counts, survey.questions, settings)
    train(
        [(training.nodes, settings.learning_rate)],
        lambda: training.losses(graph),
        lambda: training.validation_loss(graph),
        epochs=settings.epochs,
        patience=settings.patience,
        on_epoch=on_epoch,
    )
    with torch.no_grad():
        _, options, sent = graph.propagated(training.options, settings.layers)
    return training, (options.numpy(), sent.numpy())


def _signs(questions: Sequence[Question]) -> Tensor:
    """2 x_o - 1 for the position x_o of an option, in its question's column, 0 without; ``[options, questions]``."""
    blocks = [np.nan_to_num(2 * question.positions[:, None] - 1) for question in questions]
    return torch.tensor(block_diag(*blocks), dtype=torch.float32)
