"""The training loop of the soft-prompting model: question-major steps, early stopping, checkpoint and resume."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.errors import MAX_SEED, ModelError, RunError, SettingError
from personaspace.steer.attach import Attachment, attach, hidden_after_cue
from personaspace.steer.checkpoint import optimizer_tensors, read_checkpoint, restore_optimizer, write_checkpoint
from personaspace.steer.language_model import LanguageModel, Reading
from personaspace.steer.pairs import Indices, Pairs
from personaspace.steer.prompt import LABELS
from personaspace.steer.soft_prompt import SoftPrompt


@dataclass(frozen=True)
class TrainSettings:
    """How the soft-prompting model is trained.

    Attributes:
        epochs: Passes over the training pairs at the most; early stopping may end sooner.
        learning_rate: AdamW's rate after warm-up; it falls to 0 along a cosine.
        weight_decay: AdamW's weight decay.
        noise: Standard deviation of the noise on standardized points.
        respondents: Respondents that share a question in one pass.
        questions: Questions a step.
        checks: Looks at the early-stopping answers per epoch, each followed by a checkpoint.
        patience: Checks without improvement after which training stops.
        check_pairs: Early-stopping answers looked at, at the most.
        seed: Of initial weights, order and noise.
    """

    epochs: int = 2
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    noise: float = 0.3
    respondents: int = 64
    questions: int = 12
    checks: int = 4
    patience: int = 3
    check_pairs: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least = 0 if name in ("weight_decay", "noise", "seed") else 1 if isinstance(value, int) else 1e-12
            most = MAX_SEED if name == "seed" else math.inf
            if not (math.isfinite(value) and least <= value <= most):
                raise SettingError(f"{name} is {value}: it must be a number from {least} to {most}")


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
        check: Pairs that decide when to stop; none of them among ``train``.
        settings: How to train.
        checkpoint: File to resume from and to write to, or ``None``.
    """

    def __init__(
        self,
        model: LanguageModel,
        soft_prompt: SoftPrompt,
        attachment: Attachment,
        train: Pairs,
        check: Pairs,
        settings: TrainSettings,
        checkpoint: Path | None = None,
    ) -> None:
        self.model, self.soft_prompt, self.attachment = model, soft_prompt, attachment
        self.train, self.settings, self.checkpoint = train, settings, checkpoint
        self.check = check.sample(settings.check_pairs, settings.seed)
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
            group["lr"] = settings.learning_rate * _schedule(step, self.steps)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
        pairs = sum(map(len, blocks))
        total = 0.0
        self.optimizer.zero_grad()
        for block in blocks:
            noise = torch.randn(len(block), self.train.vectors.shape[1], generator=generator) * settings.noise
            logits = self._logits(self.train, block, noise.to(self.model.device))
            chosen = torch.from_numpy(self.train.option[block]).to(logits.device)
            loss = functional.cross_entropy(logits, chosen, reduction="sum") / pairs
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

    def _logits(self, pairs: Pairs, block: Indices, noise: Tensor | None = None) -> Tensor:
        question = int(pairs.question[block[0]])
        vectors = pairs.vectors[torch.from_numpy(pairs.row[block])].to(self.model.device)
        reading = self.model.read(pairs.texts[question])
        return steered_logits(
            self.model, self.soft_prompt, self.attachment, reading, vectors, pairs.sizes[question], noise
        )

    def _look(self, training_loss: float) -> None:
        loss, accuracy = self._check()
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

    @torch.no_grad()
    def _check(self) -> tuple[float, float]:
        loss, right = 0.0, 0
        for block in self.check.blocks(4 * self.settings.respondents, np.random.default_rng(0)):
            logits = self._logits(self.check, block)
            chosen = torch.from_numpy(self.check.option[block]).to(logits.device)
            loss += float(functional.cross_entropy(logits, chosen, reduction="sum"))
            right += int((logits.argmax(1) == chosen).sum())
        return loss / len(self.check), right / len(self.check)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.model.fingerprint,
            "settings": asdict(self.settings),
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


def steered_logits(
    model: LanguageModel,
    soft_prompt: SoftPrompt,
    attachment: Attachment,
    reading: Reading,
    vectors: Tensor,
    options: int,
    noise: Tensor | None = None,
    labels: str = LABELS,
) -> Tensor:
    """Logits of a question's options for each of ``n`` points of the space, shape ``[n, options]``."""
    virtual = soft_prompt(vectors, reading.features, noise)
    hidden = hidden_after_cue(model, attach(model, reading, virtual, attachment))
    return model.label_logits(hidden, options, labels)


def _schedule(step: int, steps: int) -> float:
    warm_up = max(1, min(200, steps // 20))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _copy(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
