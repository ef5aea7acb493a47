"""How the soft-prompting model is trained."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from personaspace.errors import MAX_SEED, SettingError


@dataclass(frozen=True)
class TrainSettings:
    """How the soft-prompting model is trained.

    Attributes:
        epochs: Passes over the training pairs at the most; early stopping may end sooner.
        learning_rate: AdamW's rate after warm-up; it falls to 0 along a cosine.
        weight_decay: AdamW's weight decay.
        noise: Standard deviation of the noise on standardized points.
        distillation: Share of the target that is the space's distribution over the options and not the answer given,
            0 to 1; for an informed soft-prompting model.
        respondents: Respondents that share a question in a step.
        questions: Questions a step.
        batch: Respondents in one pass through the model at the most. It bounds memory and changes nothing else: the
            gradients of a step are summed over its passes.
        checks: Looks at the early-stopping answers per epoch, each followed by a checkpoint.
        patience: Checks without improvement after which training stops.
        check_pairs: Early-stopping answers looked at, at the most.
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
            may_be_none = name in ("weight_decay", "noise", "distillation", "seed")
            least = 0 if may_be_none else 1 if isinstance(value, int) else 1e-12
            most = {"seed": MAX_SEED, "distillation": 1}.get(name, math.inf)
            if not (math.isfinite(value) and least <= value <= most):
                raise SettingError(f"{name} is {value}: it must be a number from {least} to {most}")

    def identity(self) -> dict[str, Any]:
        """The settings on which the result depends: all but ``batch``."""
        return {name: value for name, value in asdict(self).items() if name != "batch"}
