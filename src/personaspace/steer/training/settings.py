"""Settings of training, with the learning-rate schedule and the optimizer they stand for.

AdamW (arXiv 1711.05101) with a linear warm-up and a cosine to 0. So that one learning rate serves base models of every
width, a matrix of d inputs has a rate 512 / d times as high, up to 16 times (in the manner of muP, arXiv 2203.03466).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED
from personaspace.schedules import cosine

WIDTH = 512
FASTEST = 16.0
MOST, MOST_EPOCHS = 2**31 - 1, 10**6


@dataclass(frozen=True)
class TrainSettings:
    """Settings of training a soft-prompting model.

    Attributes:
        epochs: Passes over the training pairs, at most, whole or not: 0.1 is a tenth of the steps of one pass, at least
            one step. Early stopping may end sooner.
        learning_rate: AdamW's rate after warm-up; it falls to 0 along a cosine.
        weight_decay: AdamW's weight decay.
        words: Share of a step's questions that are asked without options too, to be answered by a sentence that says
            the option chosen. For base models with a chat template, which write the sentences.
        respondents: Respondents per question in a step.
        questions: Questions per step.
        batch: Respondents per pass through the model, at most. It bounds memory and changes nothing else: the
            gradients of a step are summed over its passes.
        checks: Checks on the validation answers per epoch, each followed by a checkpoint.
        patience: Checks without improvement after which training stops.
        check_pairs: Validation answers per check, at most.
        seed: Of initial weights and order.

    Raises:
        SettingError: A setting is not a number, or outside what is allowed.
    """

    epochs: float = 2
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    words: float = 0.25
    respondents: int = 16
    questions: int = 16
    batch: int = 256
    checks: int = 4
    patience: int = 3
    check_pairs: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        epochs = check_number("epochs", self.epochs, 0, MOST_EPOCHS, above=True)
        checked: dict[str, float] = {"epochs": int(epochs) if epochs.is_integer() else epochs}
        checked["learning_rate"] = check_number("learning_rate", self.learning_rate, 0, above=True)
        checked["weight_decay"] = check_number("weight_decay", self.weight_decay, 0)
        checked["words"] = check_number("words", self.words, 0, 1)
        for name in ("respondents", "questions", "batch", "checks", "patience", "check_pairs"):
            checked[name] = check_whole(name, getattr(self, name), 1, MOST)
        checked["seed"] = check_whole("seed", self.seed, 0, MAX_SEED)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def identity(self) -> dict[str, Any]:
        """The settings on which the result depends: all but ``batch``."""
        return {name: value for name, value in asdict(self).items() if name != "batch"}


def schedule(step: int, steps: int) -> float:
    """Share of the full learning rate at a step: a linear warm-up, then a cosine to 0.

    Example:
        >>> [round(schedule(step, 100), 2) for step in (0, 4, 5, 52, 99)]
        [0.2, 1.0, 1.0, 0.51, 0.0]
    """
    warm_up = max(1, min(200, steps // 20))
    if step < warm_up:
        return (step + 1) / warm_up
    return cosine(step - warm_up, max(1, steps - warm_up))


def new_optimizer(module: nn.Module, settings: TrainSettings) -> torch.optim.AdamW:
    """AdamW over a module's parameters, grouped by their share of the learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        matrix = name.endswith("weight") and parameter.ndim == 2
        share = min(FASTEST, WIDTH / parameter.shape[1]) if matrix else 1.0
        groups.setdefault(share, []).append(parameter)
    shares = [{"params": parameters, "share": share} for share, parameters in groups.items()]
    return torch.optim.AdamW(shares, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set every group to its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
