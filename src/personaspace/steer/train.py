"""The training loop of the soft-prompting model: question-major steps, early stopping, checkpoint and resume."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.errors import ModelError, RunError
from personaspace.steer.attach import Attachment
from personaspace.steer.check import check
from personaspace.steer.checkpoint import optimizer_tensors, read_checkpoint, restore_optimizer, write_checkpoint
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.pairs import Block, Indices, Pairs
from personaspace.steer.schedule import schedule
from personaspace.steer.soft_prompts import SoftPrompt
from personaspace.steer.steered_logits import steered_logits
from personaspace.steer.train_settings import TrainSettings


@dataclass
class Progress:
    """Where training stands: what a checkpoint must remember beside the weights."""

    step: int = 0
    best: float = math.inf
    since_best: int = 0
    stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains one soft-prompting model on a frozen language model.

    Args:
        model: The frozen model.
        soft_prompt: The model to be trained, changed in place.
        attachment: Placement and form of the virtual tokens.
        train: Pairs to learn from.
        held_out: Pairs that decide when to stop; none of them among ``train``.
        settings: How to train.
        checkpoint: File to resume from and to write to, or ``None``.
    """

    def __init__(
        self,
        model: LanguageModel,
        soft_prompt: SoftPrompt,
        attachment: Attachment,
        train: Pairs,
        held_out: Pairs,
        settings: TrainSettings,
        checkpoint: Path | None = None,
    ) -> None:
        self.model, self.soft_prompt, self.attachment = model, soft_prompt, attachment
        self.train, self.settings, self.checkpoint = train, settings, checkpoint
        self.held_out = held_out.sample(settings.check_pairs, settings.seed)
        self.steps_per_epoch = math.ceil(len(self._blocks(0)) / settings.questions)
        self.steps = self.steps_per_epoch * settings.epochs
        self.optimizer = torch.optim.AdamW(
            soft_prompt.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.progress = Progress()
        self.best = _copy(soft_prompt)

    def run(self, on_step: Callable[[int, int, float, float], None] | None = None) -> list[dict[str, float]]:
        """Train until patience or epochs end, resuming from the checkpoint if there is one.

        Args:
            on_step: Called with step, steps, training loss and last check's loss.

        Returns:
            One entry per check: step, training loss, log-loss and accuracy on the early-stopping answers.

        Raises:
            ModelError: The loss is no longer a number; the last checkpoint stands.
        """
        self._resume()
        every = max(1, self.steps_per_epoch // self.settings.checks)
        running: list[float] = []
        for blocks in self._remaining_steps():
            running.append(self._step(blocks))
            self.progress.step += 1
            if on_step:
                on_step(self.progress.step, self.steps, running[-1], self.progress.best)
            if self.progress.step % every == 0 or self.progress.step == self.steps:
                self._look(float(np.mean(running)))
                running = []
            if self.progress.stopped:
                break
        self.soft_prompt.load_state_dict(self.best)
        return self.progress.history

    def _blocks(self, epoch: int) -> list[Indices]:
        return self.train.blocks(self.settings.respondents, np.random.default_rng([self.settings.seed, epoch]))

    def _remaining_steps(self) -> Iterator[list[Indices]]:
        first_epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        for epoch in range(first_epoch, 0 if self.progress.stopped else self.settings.epochs):
            blocks = self._blocks(epoch)
            starts = range(0, len(blocks), self.settings.questions)
            for start in starts[done if epoch == first_epoch else 0 :]:
                yield blocks[start : start + self.settings.questions]

    def _step(self, blocks: list[Indices]) -> float:
        settings, step = self.settings, self.progress.step
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * schedule(step, self.steps)
        pairs = sum(map(len, blocks))
        total = 0.0
        self.optimizer.zero_grad()
        for index, indices in enumerate(blocks):
            for part in self._block(indices, index).parts(settings.batch):
                loss = self._loss(part) / pairs
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(self.soft_prompt.parameters(), 1.0))
        if not math.isfinite(total + norm):
            raise ModelError(
                f"the training loss became {total} and its gradient {norm} at step {step}: try a learning rate below "
                f"{settings.learning_rate}, after deleting the checkpoint {self.checkpoint or ''}"
            )
        self.optimizer.step()
        return total

    def _block(self, indices: Indices, index: int) -> Block:
        """A block of the present step, with its noise."""
        block = self.train.block(indices, self.model.device)
        seeds = np.random.SeedSequence([self.settings.seed, self.progress.step, index])
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        noise = torch.randn(block.vectors.shape, generator=generator) * self.settings.noise
        return replace(block, noise=noise.to(self.model.device))

    def _loss(self, block: Block) -> Tensor:
        """What is minimized, summed over a block."""
        return functional.cross_entropy(self._logits(block), block.chosen, reduction="sum")

    def _logits(self, block: Block) -> Tensor:
        reading = self.model.read(block.text)
        return steered_logits(
            self.model, self.soft_prompt, self.attachment, reading, block.vectors, block.options, block.noise
        )

    def _look(self, training_loss: float) -> None:
        loss, accuracy = check(self.held_out, self._logits, self.settings.batch, self.model.device)
        progress = self.progress
        progress.history.append(
            {"step": progress.step, "training_loss": training_loss, "log_loss": loss, "accuracy": accuracy}
        )
        if loss < progress.best:
            progress.best, progress.since_best, self.best = loss, 0, _copy(self.soft_prompt)
        else:
            progress.since_best += 1
            progress.stopped = progress.since_best >= self.settings.patience
        if self.checkpoint:
            self._save(self.checkpoint)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.model.fingerprint,
            "settings": self.settings.identity(),
            "attachment": asdict(self.attachment),
            "pairs": self.train.digest(),
            "parameters": sum(parameter.numel() for parameter in self.soft_prompt.parameters()),
        }

    def _save(self, path: Path) -> None:
        groups = {"model": _copy(self.soft_prompt), "best": self.best, "optimizer": optimizer_tensors(self.optimizer)}
        write_checkpoint(path, groups, {"progress": asdict(self.progress), **self._state()})

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        groups, state = read_checkpoint(self.checkpoint, self.model.device)
        if {key: state.get(key) for key in self._state()} != self._state():
            raise RunError(
                f"{self.checkpoint} was written with other settings or other answers: delete it to start afresh, "
                "or run with the settings it was started with"
            )
        self.soft_prompt.load_state_dict(groups["model"])
        self.best = groups["best"]
        self.progress = Progress(**state["progress"])
        restore_optimizer(self.optimizer, groups["optimizer"])


def _copy(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
