"""The training loop of all embedders: Adam, a decaying rate, early stopping, the best epoch restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from personaspace.embedding.base import OnEpoch
from personaspace.errors import SettingError
from personaspace.schedules import cosine
from personaspace.survey.arrays import IntArray


def train(
    parameters: Sequence[tuple[Tensor, float]],
    losses: Callable[[], Iterable[Tensor]],
    validation_loss: Callable[[], float],
    *,
    epochs: int,
    patience: int,
    decay: bool = True,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Train parameters in place by Adam and leave them as they were after the epoch of the least validation loss.

    Args:
        parameters: Tensors that require gradients, each with its learning rate at the start.
        losses: Called once an epoch; yields the loss of each batch, computed with the current parameters.
        validation_loss: Mean loss of the validation answers, by which training stops early.
        epochs: Epochs at most.
        patience: Epochs without improvement after which training ends.
        decay: Whether the rates fall along half a cosine to almost nothing at the last epoch.
        on_epoch: Called after every epoch.
    """
    optimizer = torch.optim.Adam([{"params": [tensor], "lr": rate} for tensor, rate in parameters])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: half_cosine(epoch / epochs) if decay else 1)

    def epoch() -> None:
        for loss in losses():
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        schedule.step()

    tensors = [tensor for tensor, _ in parameters]
    keep_best(tensors, epoch, validation_loss, epochs=epochs, patience=patience, on_epoch=on_epoch)


def keep_best(
    tensors: Sequence[Tensor],
    epoch: Callable[[], None],
    validation_loss: Callable[[], float],
    *,
    epochs: int,
    patience: int,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Stop early: run epochs that change tensors in place, and leave them as they were after the best epoch.

    Args:
        tensors: The tensors an epoch changes.
        epoch: Runs one epoch.
        validation_loss: Mean loss of the validation answers, by which training stops early.
        epochs: Epochs at most.
        patience: Epochs without improvement after which this ends.
        on_epoch: Called after every epoch.

    Raises:
        SettingError: The loss was not a finite number after any epoch.
    """
    best_loss, best, best_epoch = float("inf"), [tensor.detach().clone() for tensor in tensors], 0
    for done in range(1, epochs + 1):
        epoch()
        with torch.no_grad():
            loss = validation_loss()
        if on_epoch is not None:
            on_epoch(done, epochs, loss)
        if loss < best_loss:
            best_loss, best, best_epoch = loss, [tensor.detach().clone() for tensor in tensors], done
        elif done - best_epoch >= patience:
            break
    if not best_epoch:
        raise SettingError(
            f"training came to nothing: the validation loss was {loss} after all {done} epoch(s); give a lower "
            "learning_rate, or check the survey weights for values that are far too large"
        )
    for tensor, value in zip(tensors, best, strict=True):
        tensor.data.copy_(value)


def half_cosine(done: float) -> float:
    """The factor on the learning rate after a share of the training: from 1 down to 0.02 along half a cosine."""
    return max(0.02, cosine(done))


def batches(items: IntArray, size: float, rng: np.random.Generator) -> list[IntArray]:
    """The items in random order, cut into batches of about equal size, each sorted."""
    cut = np.array_split(rng.permutation(items), max(1, round(len(items) / size)))
    return [np.sort(batch) for batch in cut]
