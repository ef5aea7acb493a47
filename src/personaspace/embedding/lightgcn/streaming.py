"""Training of LightGCN from a stream: every block of respondents is a sample of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.embedding.lightgcn.graph import Graph
from personaspace.embedding.lightgcn.training import Settings, Training
from personaspace.embedding.optimize import train
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.stream import SurveyBlocks, SurveyStream
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

PARTS = 10  # of an epoch at the most, after each of which the validation loss is computed
VALIDATION_BLOCKS = 2  # blocks whose validation answers count


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
        self._blocks = self._shuffled()
        first = range(min(VALIDATION_BLOCKS, len(stream)))
        self._validation = [self._graph(block) for block in stream.blocks(first)]

    def part_losses(self) -> Iterator[Tensor]:
        """The losses of the next part of an epoch."""
        for block in islice(self._blocks, -(-len(self.stream) // min(PARTS, len(self.stream)))):
            yield from self.losses(self._graph(block))

    def mean_validation_loss(self) -> float:
        """Mean cross-entropy of the first blocks' validation answers."""
        return float(np.mean([self.validation_loss(graph) for graph in self._validation]))

    def finish(self) -> tuple[Vectors, Vectors]:
        """The final v, and what options send, with options receiving from all respondents."""
        with torch.no_grad():
            layers, depth = [self.options], self.settings.layers
            for _ in range(depth // 2):
                blocks = (self._graph(block) for block in self.stream.blocks())
                layers.append(sum((_there_and_back(graph, layers[-1]) for graph in blocks), torch.zeros(())))
            sent = sum(layers[: (depth + 1) // 2], torch.zeros(())) / (depth + 1)
            received = sum(layers, torch.zeros(())) / (depth + 1)
        return received.numpy(), sent.numpy()

    def _graph(self, block: Survey) -> Graph:
        share = len(block.respondents) / len(self.stream.respondents)
        return Graph(block, self.settings.prior, self.option_norm, share, self._weights(block))

    def _weights(self, block: Survey) -> FloatArray | None:
        """What a block's respondents count, of mean 1 over all blocks; ``None`` where they count equally."""
        return None if self._mean is None else block.weight / self._mean

    def _option_counts(self) -> FloatArray:
        """How often every option was chosen in the training answers."""
        counts = np.zeros(int(self.stream.offsets[-1]))
        for block in self.stream.blocks():
            weights = self._weights(block)
            weight = np.ones(len(block.answers)) if weights is None else weights[block.answers.respondent]
            counts += np.bincount(block.option_nodes, weight * ~validation_mask(block), minlength=len(counts))
        return counts

    def _shuffled(self) -> Iterator[Survey]:
        while True:
            yield from self.stream.blocks(self.rng.permutation(len(self.stream)))


def fit_stream(
    stream: SurveyStream | SurveyBlocks, settings: Settings, on_epoch: OnEpoch | None
) -> tuple[Training, tuple[Vectors, Vectors]]:
    """Train on a stream, with one block of its graph in every step.

    Args:
        stream: What people answered.
        settings: Of the model.
        on_epoch: Called after every part of an epoch.

    Returns:
        As :func:`personaspace.embedding.lightgcn.training.fit_graph`.
    """
    training = StreamTraining(stream, settings)
    train(
        [(training.nodes, settings.learning_rate)],
        training.part_losses,
        training.mean_validation_loss,
        epochs=settings.epochs,
        patience=settings.patience,
        on_epoch=on_epoch,
    )
    return training, training.finish()


def _there_and_back(graph: Graph, options: Tensor) -> Tensor:
    return graph.edges.to_options(graph.edges.to_respondents(options))
