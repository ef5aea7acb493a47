"""The training loop of the soft-prompting model: steps by question, early stopping, checkpoints and resuming."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from personaspace.errors import ModelError, RunError, SettingError
from personaspace.steer.protocols import OnStep
from personaspace.steer.soft_prompts.registry import described
from personaspace.steer.steerer import Steerer
from personaspace.steer.training.checkpoint import copy_of, read_checkpoint, write_checkpoint
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.evaluate import validate, words_loss
from personaspace.steer.training.examples import Block, Pairs
from personaspace.steer.training.metric_logs import Metrics, MetricsLog
from personaspace.steer.training.settings import TrainSettings, schedule
from personaspace.steer.training.step import Learner
from personaspace.steer.training.worded_answers import WordedBlock
from personaspace.survey.arrays import IntArray

SKIPS = 3
RETURNS = 3


@dataclass
class Progress:
    """Progress of a training, as its checkpoint holds it.

    Attributes:
        step: Steps done, skipped ones included.
        pairs: Pairs in these steps.
        best: Lowest loss of a check so far (:func:`loss_of`).
        since_best: Checks since then.
        stopped: Whether patience has ended.
        skipped: Steps skipped in a row, because loss or gradient was not a number.
        returns: Returns to the last good weights, each of which halved the rate.
        history: One entry per check.
    """

    step: int = 0
    pairs: int = 0
    best: float = math.inf
    since_best: int = 0
    stopped: bool = False
    skipped: int = 0
    returns: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def count(self, pairs: int, loss: float) -> None:
        """Count a step."""
        self.step += 1
        self.pairs += pairs
        self.skipped = 0 if math.isfinite(loss) else self.skipped + 1

    def record(
        self, training_loss: float, log_loss: float, accuracy: float, words_loss: float | None, patience: int
    ) -> bool:
        """Record a check; returns whether it is the best so far."""
        checked = {"step": self.step, "training_loss": training_loss, "log_loss": log_loss, "accuracy": accuracy}
        self.history.append(checked if words_loss is None else {**checked, "words_loss": words_loss})
        loss = loss_of(self.history[-1])
        better = loss < self.best
        self.best = min(self.best, loss)
        self.since_best = 0 if better else self.since_best + 1
        self.stopped = self.since_best >= patience
        return better


def loss_of(check: Mapping[str, float]) -> float:
    """The loss by which checks are compared: of the validation answers, plus that per token of their sentences."""
    return check["log_loss"] + check.get("words_loss", 0.0)


class Trainer:
    """Trains one soft-prompting model on a frozen language model.

    A step whose loss or gradient is not a number is skipped. After more than three of them in a row training returns to
    the weights of its last check and halves its rate; after three such returns it gives up.

    Args:
        steerer: Holds the soft-prompting model to be trained, which is changed in place.
        training: Pairs to train on.
        validation: Pairs that decide when to stop.
        settings: Settings of training.
        checkpoint: File to resume from and to write to, or ``None``.
        logs: Logs of the metrics of every step.
        processes: The processes that train together.

    Raises:
        SettingError: There are more processes than questions a step.
    """

    def __init__(
        self,
        steerer: Steerer,
        training: Pairs,
        validation: Pairs,
        settings: TrainSettings,
        checkpoint: str | Path | None = None,
        logs: Sequence[MetricsLog] = (),
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        if self.processes.count > settings.questions:
            raise SettingError(
                f"{self.processes.count} processes cannot share a step of {settings.questions} questions: "
                f"start at most {settings.questions} processes, or train with more questions a step"
            )
        self.steerer, self.learner = steerer, Learner(steerer, settings, self.processes)
        self.training, self.settings = training, settings
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.validation = validation
        self.logs = logs if self.processes.main else ()
        self.steps_per_epoch = math.ceil(len(self._blocks(0)) / settings.questions)
        self.steps = max(1, round(self.steps_per_epoch * settings.epochs))
        self.progress = Progress()
        self.best = copy_of(steerer.soft_prompt)
        self.good = self.learner.weights()

    def run(self, on_step: OnStep | None = None) -> list[dict[str, float]]:
        """Train until patience or epochs end, resuming from the checkpoint if there is one.

        Args:
            on_step: Called after every step with ``steering``, step, steps, and a note with the losses.

        Returns:
            One entry per check: step, training loss, log-loss and accuracy on the validation answers.

        Raises:
            ModelError: Loss or gradient are not numbers again and again, or memory ran out; the last checkpoint stays.
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
        self.steerer.soft_prompt.load_state_dict(self.best)
        return self.progress.history

    def _train(self, on_step: OnStep | None) -> None:
        progress = self.progress
        losses: list[float] = []
        for blocks in self._remaining_steps():
            metrics = self._step(blocks)
            losses += [metrics.loss] if math.isfinite(metrics.loss) else []
            if progress.skipped > SKIPS:
                self._go_back()
            elif losses and self._is_checked(progress.step):
                metrics = self._check(metrics, float(np.mean(losses)))
                losses = []
            for log in self.logs:
                log.write(metrics)
            if on_step:
                best = f", best validation loss {progress.best:.3f}" if math.isfinite(progress.best) else ""
                on_step("steering", progress.step, self.steps, f"loss {metrics.loss:.3f}{best}")
            if progress.stopped:
                break

    def _is_checked(self, step: int) -> bool:
        """Whether a check follows a step: every part of an epoch, unless the last step, which has one, is near."""
        every = max(1, self.steps_per_epoch // self.settings.checks)
        return step == self.steps or (step % every == 0 and 2 * (self.steps - step) >= every)

    def _blocks(self, epoch: int) -> list[IntArray]:
        return self.training.blocks(self.settings.respondents, np.random.default_rng([self.settings.seed, epoch]))

    def _remaining_steps(self) -> Iterator[list[IntArray]]:
        first_epoch, done = divmod(self.progress.step, self.steps_per_epoch)
        for epoch in range(first_epoch, 0 if self.progress.stopped else math.ceil(self.steps / self.steps_per_epoch)):
            blocks = self._blocks(epoch)
            first = done if epoch == first_epoch else 0
            for step in range(first, min(self.steps_per_epoch, self.steps - epoch * self.steps_per_epoch)):
                yield blocks[step * self.settings.questions : (step + 1) * self.settings.questions]

    def _step(self, step: list[IntArray]) -> Metrics:
        progress, began = self.progress, time.perf_counter()
        rate = self.settings.learning_rate * schedule(progress.step, self.steps) / 2**progress.returns
        blocks = [self._block(indices, index) for index, indices in self.processes.share(list(enumerate(step)))]
        pairs = sum(map(len, step))
        asked = math.ceil(self.settings.words * len(step))
        loss = self.learner.step(blocks, pairs, rate, self._worded(step[:asked]), asked)
        progress.count(pairs, loss)
        return Metrics(progress.step, progress.pairs, pairs / (time.perf_counter() - began), loss, rate)

    def _block(self, indices: IntArray, index: int) -> Block:
        """A block of the current step."""
        rng = np.random.default_rng([self.settings.seed, self.progress.step, index])
        return self.training.block(indices, self.steerer.model.device, rng)

    def _worded(self, step: list[IntArray]) -> list[WordedBlock]:
        """This process's blocks in words of a step."""
        device = self.steerer.model.device
        found = (self.training.worded_block(pairs, device) for pairs in self.processes.share(step))
        return [block for block in found if block is not None]

    def _check(self, metrics: Metrics, training_loss: float) -> Metrics:
        loss, accuracy = validate(self.steerer, self.validation, self.settings.batch, self.processes)
        if not math.isfinite(loss):
            self._go_back()
            return metrics
        words = words_loss(self.steerer, self.validation, self.processes)
        if self.progress.record(training_loss, loss, accuracy, words, self.settings.patience):
            self.best = copy_of(self.steerer.soft_prompt)
        self.good = self.learner.weights()
        if self.checkpoint and self.processes.main:
            groups = {**self.good, "best": self.best}
            write_checkpoint(self.checkpoint, groups, {"progress": asdict(self.progress), **self._state()})
        return replace(metrics, log_loss=loss, accuracy=accuracy, words_loss=words)

    def _go_back(self) -> None:
        """Restore the weights of the last check and halve the rate."""
        self.progress.skipped = 0
        self.progress.returns += 1
        if self.progress.returns > RETURNS:
            raise self._diverged()
        self.learner.restore(self.good)

    def _diverged(self) -> ModelError:
        delete = f", after deleting the checkpoint {self.checkpoint}" if self.checkpoint else ""
        return ModelError(
            f"loss or gradient are not numbers at step {self.progress.step}, and halving the rate did not help: try a "
            f"learning rate below {self.settings.learning_rate}{delete}"
        )

    def _state(self) -> dict[str, Any]:
        """Settings and data that a checkpoint must have been written with to be resumed."""
        return {
            "model": self.steerer.model.fingerprint,
            "settings": self.settings.identity(),
            "attachment": asdict(self.steerer.attachment),
            "pairs": self.training.digest(),
            "soft_prompt": described(self.steerer.soft_prompt.settings),
        }

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        groups, state = read_checkpoint(self.checkpoint, self.steerer.model.device)
        if {key: state.get(key) for key in self._state()} != self._state():
            raise RunError(
                f"{self.checkpoint} was written with other settings or other answers: delete it to start again, "
                "or run with the settings it was started with"
            )
        self.best = groups.pop("best")
        self.good = groups
        self.learner.restore(groups)
        self.progress = Progress(**state["progress"])

    def _agree(self) -> None:
        """Check that all processes resume from the same step."""
        step = float(self.progress.step)
        if float(self.processes.sum(torch.tensor([step]))) != step * self.processes.count:
            raise RunError(
                f"the processes found different checkpoints at {self.checkpoint}: all of them must see the same folder"
            )
