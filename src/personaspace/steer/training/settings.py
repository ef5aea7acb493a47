"""Settings of training, with the learning-rate schedule and the optimizer they stand for.

AdamW (arXiv 1711.05101) with a linear warm-up and a cosine to 0. So that one learning rate serves base models of every
width, a matrix of d inputs has a rate 512 / d times as high, up to 16 times (in the manner of muP, arXiv 2203.03466).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from personaspace.errors import MAX_SEED, SettingError
from personaspace.schedules import cosine

WIDTH = 512
MOST = 16.0


@dataclass(frozen=True)
class TrainSettings:
    """Settings of training a soft-prompting model.

    Attributes:
        epochs: Passes over the training pairs, at most; early stopping may end sooner.
        learning_rate: AdamW's rate after warm-up; it falls to 0 along a cosine.
        weight_decay: AdamW's weight decay.
        noise: Standard deviation of the noise on standardized points.
        distillation: Share of the embedder's distribution over the options in the target, 0 to 1; the rest is the
            answer given. For an informed soft-prompting model.
        respondents: Respondents per question in a step.
        questions: Questions per step.
        batch: Respondents per pass through the model, at most. It bounds memory and changes nothing else: the
            gradients of a step are summed over its passes.
        checks: Checks on the validation answers per epoch, each followed by a checkpoint.
        patience: Checks without improvement after which training stops.
        check_pairs: Validation answers per check, at most.
        seed: Of initial weights, order and noise.

    Raises:
        SettingError: A number is outside what is allowed.
    """

    epochs: int = 2
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    noise: float = 0.3
    distillation: float = 0.5
    respondents: int = 16
    questions: int = 16
    batch: int = 256
    checks: int = 4
    patience: int = 3
    check_pairs: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            may_be_zero = name in ("weight_decay", "noise", "distillation", "seed")
            least = 0 if may_be_zero else 1 if isinstance(value, int) else 1e-12
            most = {"seed": MAX_SEED, "distillation": 1}.get(name, math.inf)
            if not (math.isfinite(value) and least <= value <= most):
                raise SettingError(f"{name} is {value}: it must be a number from {least} to {most}")

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
        share = min(MOST, WIDTH / parameter.shape[1]) if matrix else 1.0
        groups.setdefault(share, []).append(parameter)
    shares = [{"params": parameters, "share": share} for share, parameters in groups.items()]
    return torch.optim.AdamW(shares, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set every group to its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
