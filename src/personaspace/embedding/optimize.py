"""One training loop for all embedders: Adam, a decaying rate, early stopping, the best epoch restored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.survey.arrays import IntArray


def train(
    parameters: Sequence[tuple[Tensor, float]],
    losses: Callable[[], Iterable[Tensor]],
    watch: Callable[[], float],
    *,
    epochs: int,
    patience: int,
    decay: bool = True,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Change the parameters, in place, to those of the epoch with the least watched loss.

    Args:
        parameters: Tensors that require gradients, each with its learning rate at the start.
        losses: Called once an epoch; yields the loss of each batch, computed with the current parameters.
        watch: The loss on the answers set apart for early stopping.
        epochs: Epochs at most.
        patience: Epochs without improvement after which training ends.
        decay: Whether the rates fall along half a cosine to almost nothing at the last epoch.
        on_epoch: Told of every epoch.
    """
    optimizer = torch.optim.Adam([{"params": [tensor], "lr": rate} for tensor, rate in parameters])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: half_cosine(epoch / epochs) if decay else 1)

    def epoch() -> None:
        for loss in losses():
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        schedule.step()

    keep_best([tensor for tensor, _ in parameters], epoch, watch, epochs=epochs, patience=patience, on_epoch=on_epoch)


def keep_best(
    tensors: Sequence[Tensor],
    epoch: Callable[[], None],
    watch: Callable[[], float],
    *,
    epochs: int,
    patience: int,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Run epochs that change the tensors in place, and leave them as they were after the best.

    Args:
        tensors: What an epoch changes.
        epoch: Runs one.
        watch: The loss on the answers set apart for early stopping.
        epochs: At most.
        patience: Epochs without improvement after which this ends.
        on_epoch: Told of every epoch.
    """
    best_loss, best, best_epoch = float("inf"), [tensor.detach().clone() for tensor in tensors], 0
    for done in range(1, epochs + 1):
        epoch()
        with torch.no_grad():
            watched = watch()
        if on_epoch is not None:
            on_epoch(done, epochs, watched)
        if watched < best_loss:
            best_loss, best, best_epoch = watched, [tensor.detach().clone() for tensor in tensors], done
        elif done - best_epoch >= patience:
            break
    for tensor, value in zip(tensors, best, strict=True):
        tensor.data.copy_(value)


def half_cosine(done: float) -> float:
    """Factor on the learning rate when a share of the training is done: from 1 down to 0.02."""
    return max(0.02, (1 + math.cos(math.pi * done)) / 2)


def batches(items: IntArray, size: float, rng: np.random.Generator) -> list[IntArray]:
    """The items in random order, cut into batches of about equal size, each sorted."""
    cut = np.array_split(rng.permutation(items), max(1, round(len(items) / size)))
    return [np.sort(batch) for batch in cut]
