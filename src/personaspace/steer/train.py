"""The training loop of the soft-prompting model: question-major steps, early stopping, checkpoint and resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from personaspace.errors import ModelError, RunError, SettingError
from personaspace.steer.attach import Attachment
from personaspace.steer.check import check
from personaspace.steer.checkpoint import copy_of, read_checkpoint, write_checkpoint
from personaspace.steer.devices import Processes
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.learner import Learner
from personaspace.steer.metrics import Metrics, MetricsLog
from personaspace.steer.pairs import Block, Indices, Pairs
from personaspace.steer.progress import RETURNS, SKIPS, Progress
from personaspace.steer.schedule import schedule
from personaspace.steer.soft_prompts import SoftPrompt, described
from personaspace.steer.train_settings import TrainSettings

OnTraining = Callable[[int, int, float, float], None]


class Trainer:
    """Trains one soft-prompting model on a frozen language model.

    A step whose loss or gradient is not a number is skipped. After three of them in a row training goes back to the
    weights of its last check and halves its rate; after three such returns it gives up.

    Args:
        model: The frozen model.
        soft_prompt: The model to be trained, changed in place.
        attachment: Placement and form of the virtual tokens.
        train: Pairs to learn from.
        held_out: Pairs that decide when to stop; none of them among ``train``.
        settings: How to train.
        checkpoint: File to resume from and to write to, or ``None``.
        logs: Where the metrics of every step go.
        processes: Who train together.

    Raises:
        SettingError: There are more processes than questions a step.
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
        logs: Sequence[MetricsLog] = (),
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        if self.processes.count > settings.questions:
            raise SettingError(
                f"{self.processes.count} processes cannot share a step of {settings.questions} questions: "
                f"start at most {settings.questions} processes, or train with more questions a step"
            )
        self.learner = Learner(model, soft_prompt, attachment, settings, self.processes)
        self.train, self.settings, self.checkpoint = train, settings, checkpoint
        self.logs = logs if self.processes.main else ()
        self.held_out = held_out.sample(settings.check_pairs, settings.seed)
        self.steps_per_epoch = math.ceil(len(self._blocks(0)) / settings.questions)
        self.steps = self.steps_per_epoch * settings.epochs
        self.progress = Progress()
        self.best = copy_of(soft_prompt)
        self.good = self.learner.weights()

    def run(self, on_step: OnTraining | None = None) -> list[dict[str, float]]:
        """Train until patience or epochs end, resuming from the checkpoint if there is one.

        Args:
            on_step: Called with step, steps, training loss and last check's loss.

        Returns:
            One entry per check: step, training loss, log-loss and accuracy on the early-stopping answers.

        Raises:
            ModelError: Loss or gradient are not numbers again and again, or memory ran out; the last checkpoint stands.
        """
        self._resume()
        self._agree()
        for log in self.logs:
            log.resume(self.progress.step)
        try:
            self._train(on_step)
        finally:
            for log in self.logs:
                log.close()
        if not self.progress.history:
            raise self._diverged()
        self.learner.soft_prompt.load_state_dict(self.best)
        return self.progress.history

    def _train(self, on_step: OnTraining | None) -> None:
        progress = self.progress
        every = max(1, self.steps_per_epoch // self.settings.checks)
        losses: list[float] = []
        for blocks in self._remaining_steps():
            metrics = self._step(blocks)
            losses += [metrics.loss] if math.isfinite(metrics.loss) else []
            if progress.skipped > SKIPS:
                self._go_back()
            elif losses and (progress.step % every == 0 or progress.step == self.steps):
                metrics = self._look(metrics, float(np.mean(losses)))
                losses = []
            for log in self.logs:
                log.write(metrics)
            if on_step:
                on_step(progress.step, self.steps, metrics.loss, progress.best)
            if progress.stopped:
                break

    def _blocks(self, epoch: int) -> list[Indices]:
        return self.train.blocks(self.settings.respondents, np.random.default_rng([self.settings.seed, epoch]))

    def _remaining_steps(self) -> Iterator[list[Indices]]:
        first_epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        for epoch in range(first_epoch, 0 if self.progress.stopped else self.settings.epochs):
            blocks = self._blocks(epoch)
            starts = range(0, len(blocks), self.settings.questions)
            for start in starts[done if epoch == first_epoch else 0 :]:
                yield blocks[start : start + self.settings.questions]

    def _step(self, step: list[Indices]) -> Metrics:
        progress, began = self.progress, time.perf_counter()
        rate = self.settings.learning_rate * schedule(progress.step, self.steps) / 2**progress.returns
        blocks = [self._block(indices, index) for index, indices in self.processes.share(list(enumerate(step)))]
        pairs = sum(map(len, step))
        loss = self.learner.step(blocks, pairs, rate)
        progress.count(pairs, loss)
        return Metrics(progress.step, progress.pairs, pairs / (time.perf_counter() - began), loss, rate)

    def _block(self, indices: Indices, index: int) -> Block:
        """A block of the present step, with its noise."""
        device = self.learner.model.device
        seeds = np.random.SeedSequence([self.settings.seed, self.progress.step, index])
        block = self.train.block(indices, device, np.random.default_rng(seeds))
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        noise = torch.randn(block.vectors.shape, generator=generator) * self.settings.noise
        return replace(block, noise=noise.to(device))

    def _look(self, metrics: Metrics, training_loss: float) -> Metrics:
        learner, batch = self.learner, self.settings.batch
        loss, accuracy = check(self.held_out, learner.logits, batch, learner.model.device, self.processes)
        if not math.isfinite(loss):
            self._go_back()
            return metrics
        if self.progress.look(training_loss, loss, accuracy, self.settings.patience):
            self.best = copy_of(learner.soft_prompt)
        self.good = learner.weights()
        if self.checkpoint and self.processes.main:
            groups = {**self.good, "best": self.best}
            write_checkpoint(self.checkpoint, groups, {"progress": asdict(self.progress), **self._state()})
        return replace(metrics, log_loss=loss, accuracy=accuracy)

    def _go_back(self) -> None:
        """Put the weights of the last check back, and go on at half the rate."""
        self.progress.skipped = 0
        self.progress.returns += 1
        if self.progress.returns > RETURNS:
            raise self._diverged()
        self.learner.restore(self.good)

    def _diverged(self) -> ModelError:
        stands = f", after deleting the checkpoint {self.checkpoint}" if self.checkpoint else ""
        return ModelError(
            f"loss or gradient are not numbers at step {self.progress.step}, and halving the rate did not help: try a "
            f"learning rate below {self.settings.learning_rate}{stands}"
        )

    def _state(self) -> dict[str, Any]:
        """What a checkpoint must have been written with to be resumed."""
        return {
            "model": self.learner.model.fingerprint,
            "settings": self.settings.identity(),
            "attachment": asdict(self.learner.attachment),
            "pairs": self.train.digest(),
            "soft_prompt": described(self.learner.soft_prompt.settings),
        }

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        groups, state = read_checkpoint(self.checkpoint, self.learner.model.device)
        if {key: state.get(key) for key in self._state()} != self._state():
            raise RunError(
                f"{self.checkpoint} was written with other settings or other answers: delete it to start afresh, "
                "or run with the settings it was started with"
            )
        self.best = groups.pop("best")
        self.good = groups
        self.learner.restore(groups)
        self.progress = Progress(**state["progress"])

    def _agree(self) -> None:
        """Wait for all processes, and make sure that they go on from the same step."""
        step = float(self.progress.step)
        if float(self.processes.sum(torch.tensor([step]))) != step * self.processes.count:
            raise RunError(
                f"the processes found different checkpoints at {self.checkpoint}: all of them must see the same folder"
            )
