"""Training against a budget of time or steps, from the start or from a checkpoint."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from pretraining.batches import Batches
from pretraining.checkpoint import Checkpoint, copy_weights


@dataclass(frozen=True)
class Schedule:
    """When training ends and how the learning rate moves until then.

    Attributes:
        seconds: Training time; the learning rate has decayed to zero by its end.
        steps: Number of steps, whichever of the two ends first.
        peak: Highest learning rate.
        warmup: Steps over which the learning rate rises.
        cooldown: Last share of training, over which it falls.
    """

    seconds: float = math.inf
    steps: float = math.inf
    peak: float = 2e-3
    warmup: int = 100
    cooldown: float = 0.33

    def progress(self, step: int, elapsed: float) -> float:
        """Give the share of training that is done, from 0 to 1."""
        return min(1.0, max(step / self.steps, elapsed / self.seconds))

    def learning_rate(self, step: int, elapsed: float) -> float:
        """Give the learning rate: linear warm-up, constant, linear down to zero at the end."""
        decay = min(1.0, (1.0 - self.progress(step, elapsed)) / self.cooldown)
        return self.peak * min(1.0, (step + 1) / self.warmup) * decay


class StepResult(NamedTuple):
    """What a step measured on its batch.

    Attributes:
        loss: Weighted loss per token.
        label_accuracy: Share of answer labels that were the likeliest token.
    """

    loss: float
    label_accuracy: float


class Trainer:
    """A model in training: its weights, its optimizer, its step and elapsed time."""

    def __init__(self, config: LlamaConfig, batches: Batches, schedule: Schedule) -> None:
        """Start from random weights, drawn with the seed of the batches.

        Args:
            config: Configuration of the model.
            batches: What to train on.
            schedule: When to end, and the learning rate until then.
        """
        torch.manual_seed(batches.seed)
        self.model = LlamaForCausalLM(config)
        self.batches = batches
        self.schedule = schedule
        self.optimizer = _optimizer(self.model)
        self.step = 0
        self.elapsed = 0.0

    @property
    def done(self) -> bool:
        """Whether the budget is spent."""
        return self.schedule.progress(self.step, self.elapsed) >= 1.0

    def train_step(self) -> StepResult:
        """Take one step."""
        started = time.perf_counter()
        loss, label_accuracy = self._loss(*self.batches.batch(self.step))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(self.step, self.elapsed)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.elapsed += time.perf_counter() - started
        return StepResult(loss.item(), label_accuracy)

    def _loss(self, ids: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, float]:
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(ids[:, :-1]).logits
        logits, targets = logits.float().flatten(0, 1), ids[:, 1:].flatten()
        weights = weights[:, 1:].flatten()
        losses = functional.cross_entropy(logits, targets, reduction="none")
        labels = weights > 1.0
        label_accuracy = (logits[labels].argmax(-1) == targets[labels]).float().mean().item()
        return (losses * weights).sum() / weights.sum(), label_accuracy

    def checkpoint(self) -> Checkpoint:
        """Give everything that training continues from."""
        return Checkpoint(
            weights=dict(self.model.named_parameters()),
            optimizer=self.optimizer.state_dict()["state"],
            step=self.step,
            elapsed=self.elapsed,
        )

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint."""
        copy_weights(checkpoint.weights, self.model)
        state = {**self.optimizer.state_dict(), "state": checkpoint.optimizer}
        self.optimizer.load_state_dict(state)
        self.step = checkpoint.step
        self.elapsed = checkpoint.elapsed


def _optimizer(model: LlamaForCausalLM) -> torch.optim.Optimizer:
    matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    gains = [parameter for parameter in model.parameters() if parameter.ndim != 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)
