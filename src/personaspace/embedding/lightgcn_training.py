"""What one fit of LightGCN works on: the graph, the option vectors, and the answers left out to be predicted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import ascending
from personaspace.embedding.choices import Choices, answer_table, mean_cross_entropy
from personaspace.embedding.graph import Edges, keep_edges, sparse_rows
from personaspace.embedding.training import batches
from personaspace.survey.answers import Answers
from personaspace.survey.early_stopping import early_stopping
from personaspace.survey.survey import BoolArray, FloatArray, IntArray, Survey

BATCH = 2048  # respondents whose left-out answers one step predicts
START = 0.1  # standard deviation of the option vectors at the start


class GraphTraining:
    """The graph of a survey's training answers, and the loss of predicting a random part of them from the others.

    Args:
        survey: Whose answers.
        dim: Length of the vectors.
        seed: Of the start, the batches and what is left out.
        layers: How often vectors travel along the graph.
        prior: Empty answers added to every respondent's degree.
        dropout: Share of the answers left out of the graph, and predicted, in a batch.
    """

    def __init__(self, survey: Survey, dim: int, seed: int, layers: int, prior: float, dropout: float) -> None:
        watched = early_stopping(survey)
        self.layers, self.dropout = layers, dropout
        self.rng, self.choices = np.random.default_rng(seed), Choices(survey.offsets)
        self.answers = ascending(survey.answers.where(~watched))
        self.present = np.unique(self.answers.respondent)
        self.watched = survey.answers.where(watched) if watched.any() else self.answers
        nodes = survey.offsets[self.answers.question] + self.answers.option
        counts = np.bincount(nodes, minlength=int(survey.offsets[-1]))
        self.option_norm = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
        values = respondent_norm(self.answers, len(survey.respondents), prior)[self.answers.respondent]
        shape = (len(survey.respondents), len(counts))
        self.matrix = sparse_rows(self.answers.respondent, nodes, values * self.option_norm[nodes], shape)
        self.edges = Edges(self.matrix)
        start = self.rng.normal(0, START, (len(counts), dim))
        self.options = torch.tensor(start, dtype=torch.float32, requires_grad=True)
        self.bias = torch.tensor(np.log(counts + 1), dtype=torch.float32)

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch of one epoch: the answers left out of the graph, predicted from the others."""
        for rows in batches(self.present, min(BATCH, len(self.present) / 4), self.rng):
            kept = self.rng.random(len(self.answers)) >= self.dropout
            edges = Edges(keep_edges(self.matrix, np.flatnonzero(kept)))
            vectors, options, _ = self.propagated(self.options, edges)
            table = answer_table(self._left_out(kept, rows), rows, self.choices.questions)
            loss = self.choices.cross_entropy(vectors[torch.from_numpy(rows)], options, self.bias, table)
            yield loss / max(int((table >= 0).sum()), 1)

    def watched_loss(self) -> float:
        """Mean cross-entropy of the answers watched for early stopping."""
        respondents, options, _ = self.propagated(self.options, self.edges)
        return mean_cross_entropy(self.choices, respondents, options, self.bias, self.watched)

    def propagated(self, options: Tensor, edges: Edges) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors after travelling along the graph, all divided by ``layers + 1``.

        Args:
            options: v^(0), shape ``[options, dim]``.
            edges: The normalised graph.

        Returns:
            u, the sum of u^(1), u^(3), ...; v, the sum of v^(0), v^(2), ...; and what options send to respondents,
            from which ``edges`` makes u: the sum of v^(0), v^(2), ... below ``layers``.
        """
        sent, received, reached = options, options, edges.to_respondents(options)
        respondents, latest = reached, options
        for layer in range(2, self.layers + 1):
            if layer % 2:
                sent, reached = sent + latest, edges.to_respondents(latest)
                respondents = respondents + reached
            else:
                latest = edges.to_options(reached)
                received = received + latest
        share = 1 / (self.layers + 1)
        return respondents * share, received * share, sent * share

    def _left_out(self, kept: BoolArray, rows: IntArray) -> Answers:
        """The answers of some respondents that are not in the graph."""
        here = np.zeros(self.matrix.shape[0], np.bool_)
        here[rows] = True
        return self.answers.where(np.flatnonzero(here[self.answers.respondent] & ~kept))


def respondent_norm(answers: Answers, respondents: int, prior: float) -> FloatArray:
    """1 / sqrt(deg_i + prior), shape ``[respondents]``."""
    norm: FloatArray = 1 / np.sqrt(np.bincount(answers.respondent, minlength=respondents) + prior)
    return norm
