"""What one fit of LightGCN works on: the graph, the option vectors, and the answers left out to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import block_diag
from torch import Tensor

from personaspace.embedding.base import ascending
from personaspace.embedding.loss import AnswerLoss
from personaspace.embedding.optimize import batches
from personaspace.embedding.option_softmax import answer_table, mean_cross_entropy
from personaspace.embedding.sparse import Edges, keep_edges, sparse_rows
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

BATCH = 2048  # respondents whose left-out answers one step predicts
START = 0.1  # standard deviation of the option vectors at the start


class Settings(Protocol):
    """What training must know of the model; see :class:`personaspace.embedding.lightgcn.model.LightGCN`."""

    dim: int
    seed: int
    layers: int
    prior: float
    dropout: float
    nodes: str
    weighted: bool
    ordinal: float


class Graph:
    """Respondents of a survey, or of a part of it, and the options they chose.

    Args:
        survey: Whose answers.
        option_norm: 1 / sqrt(deg_o) in the whole survey, shape ``[options]``; from this survey where not given.
        prior: Empty answers added to every respondent's degree.
        share: The part of all respondents that these are; what options receive from them is scaled up by it.
        weights: What each respondent counts in the loss, of mean 1 in the whole survey; alike where not given.
    """

    def __init__(
        self,
        survey: Survey,
        prior: float,
        option_norm: npt.NDArray[np.float32] | None = None,
        share: float = 1.0,
        weights: FloatArray | None = None,
    ) -> None:
        watched = validation_mask(survey)
        self.answers = ascending(survey.answers.where(~watched))
        self.watched = survey.answers.where(watched) if watched.any() else self.answers
        self.present, self.share = np.unique(self.answers.respondent), share
        nodes = survey.offsets[self.answers.question] + self.answers.option
        weight = None if weights is None else weights[self.answers.respondent]
        self.counts = np.bincount(nodes, weight, minlength=int(survey.offsets[-1]))
        norm = inverse_root(self.counts) if option_norm is None else option_norm
        values = respondent_norm(self.answers, len(survey.respondents), prior)[self.answers.respondent]
        shape = (len(survey.respondents), len(self.counts))
        self.matrix = sparse_rows(self.answers.respondent, nodes, values * norm[nodes], shape)
        self.edges = Edges(self.matrix)
        self.weights = None if weights is None else torch.tensor(weights, dtype=torch.float32)

    def propagated(self, options: Tensor, layers: int, edges: Edges | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors after travelling along the graph, all divided by ``layers + 1``.

        Args:
            options: v^(0), shape ``[options, dim]``.
            layers: How often they travel.
            edges: Part of the graph; the whole where not given.

        Returns:
            u, the sum of u^(1), u^(3), ...; v, the sum of v^(0), v^(2), ...; and what options send to respondents,
            from which ``edges`` makes u: the sum of v^(0), v^(2), ... below ``layers``.
        """
        edges = edges or self.edges
        sent, received, reached = options, options, edges.to_respondents(options)
        respondents, latest = reached, options
        for layer in range(2, layers + 1):
            if layer % 2:
                sent, reached = sent + latest, edges.to_respondents(latest)
                respondents = respondents + reached
            else:
                latest = edges.to_options(reached) / self.share
                received = received + latest
        scale = 1 / (layers + 1)
        return respondents * scale, received * scale, sent * scale

    def left_out(self, kept: BoolArray, rows: IntArray) -> Answers:
        """The answers of some respondents that are not kept."""
        here = np.zeros(self.matrix.shape[0], np.bool_)
        here[rows] = True
        return self.answers.where(np.flatnonzero(here[self.answers.respondent] & ~kept))


class Training:
    """The vectors of options, and the loss of predicting a random part of a graph's answers from the others.

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
            kept = self.rng.random(len(graph.answers)) >= self.settings.dropout
            edges = Edges(keep_edges(graph.matrix, np.flatnonzero(kept)))
            vectors, options, _ = graph.propagated(self.options, self.settings.layers, edges)
            table = answer_table(graph.left_out(kept, rows), rows, self.loss.choices.questions)
            at = torch.from_numpy(rows)
            weights = None if graph.weights is None else graph.weights[at]
            yield self.loss(vectors[at], options, self.bias, table, weights)

    def watched_loss(self, graph: Graph) -> float:
        """Mean cross-entropy of a graph's answers watched for early stopping."""
        respondents, options, _ = graph.propagated(self.options, self.settings.layers)
        return mean_cross_entropy(self.loss.choices, respondents, options, self.bias, graph.watched)


def _signs(questions: Sequence[Question]) -> Tensor:
    """2 x_o - 1 for the place x_o of an option, in its question's column, 0 without one; ``[options, questions]``."""
    blocks = [np.nan_to_num(2 * question.positions[:, None] - 1) for question in questions]
    return torch.tensor(block_diag(*blocks), dtype=torch.float32)


def inverse_root(counts: FloatArray | IntArray) -> npt.NDArray[np.float32]:
    """1 / sqrt(deg_o), shape ``[options]``."""
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


def respondent_norm(answers: Answers, respondents: int, prior: float) -> FloatArray:
    """1 / sqrt(deg_i + prior), shape ``[respondents]``."""
    norm: FloatArray = 1 / np.sqrt(np.bincount(answers.respondent, minlength=respondents) + prior)
    return norm
