"""Fitting LightGCN from a stream: every block of respondents is a sample of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.lightgcn.training import Graph, Settings, Training
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.stream import SurveyBlocks, SurveyStream
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

ROUNDS = 10  # after which the watched loss is looked at, in one epoch at the most
WATCHED = 2  # blocks whose early-stopping answers are watched


class StreamTraining(Training):
    """Training on one block at a time, in an order drawn anew for every epoch.

    Only options have vectors of their own, so a block needs nothing of the others but the options' degrees, which a
    first pass counts. What options receive from a block's respondents is scaled up to all respondents.

    Args:
        stream: What people answered.
        settings: Of the model.
    """

    def __init__(self, stream: SurveyStream | SurveyBlocks, settings: Settings) -> None:
        self.stream = stream
        self._mean = None if not settings.weighted else 1.0 if stream.weights is None else float(stream.weights.mean())
        super().__init__(self._option_counts(), stream.questions, settings)
        self.rounds = min(ROUNDS, len(stream))
        self._blocks = self._shuffled()
        self._watched = [self._graph(block) for block in stream.blocks(range(min(WATCHED, len(stream))))]

    def round(self) -> Iterator[Tensor]:
        """The losses of the next part of an epoch."""
        for block in islice(self._blocks, -(-len(self.stream) // self.rounds)):
            yield from self.losses(self._graph(block))

    def watch(self) -> float:
        """Mean cross-entropy of the first blocks' answers watched for early stopping."""
        return float(np.mean([self.watched_loss(graph) for graph in self._watched]))

    def finish(self) -> tuple[Vectors, Vectors, Vectors]:
        """The final u, v, and what options send, with options receiving from all respondents."""
        with torch.no_grad():
            layers, depth = [self.options], self.settings.layers
            for _ in range(depth // 2):
                blocks = (self._graph(block) for block in self.stream.blocks())
                layers.append(sum((_there_and_back(graph, layers[-1]) for graph in blocks), torch.zeros(())))
            sent = sum(layers[: (depth + 1) // 2], torch.zeros(())) / (depth + 1)
            received = sum(layers, torch.zeros(())) / (depth + 1)
            respondents, start = np.empty((len(self.stream.respondents), sent.shape[1]), np.float32), 0
            for block in self.stream.blocks():
                end = start + len(block.respondents)
                respondents[start:end] = self._graph(block).edges.to_respondents(sent).numpy()
                start = end
        return respondents, received.numpy(), sent.numpy()

    def _graph(self, block: Survey) -> Graph:
        share = len(block.respondents) / len(self.stream.respondents)
        return Graph(block, self.settings.prior, self.option_norm, share, self._weights(block))

    def _weights(self, block: Survey) -> FloatArray | None:
        """What a block's respondents count, of mean 1 over all blocks; ``None`` where they count alike."""
        return None if self._mean is None else block.weight / self._mean

    def _option_counts(self) -> FloatArray:
        """How often every option was chosen, early-stopping answers apart."""
        counts = np.zeros(int(self.stream.offsets[-1]))
        for block in self.stream.blocks():
            weights = self._weights(block)
            weight = np.ones(len(block.answers)) if weights is None else weights[block.answers.respondent]
            counts += np.bincount(block.option_nodes, weight * ~validation_mask(block), minlength=len(counts))
        return counts

    def _shuffled(self) -> Iterator[Survey]:
        while True:
            yield from self.stream.blocks(self.rng.permutation(len(self.stream)))


def _there_and_back(graph: Graph, options: Tensor) -> Tensor:
    return graph.edges.to_options(graph.edges.to_respondents(options))
