"""Where a training stands: what a checkpoint must remember beside the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

SKIPS = 3
RETURNS = 3


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done, skipped ones included.
        pairs: Pairs they had.
        best: Lowest log-loss of a check so far.
        since_best: Checks since then.
        stopped: Whether patience has ended.
        skipped: Steps skipped in a row, because loss or gradient was not a number.
        returns: How often training went back to its last good weights, each time to half the rate.
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

    def look(self, training_loss: float, log_loss: float, accuracy: float, patience: int) -> bool:
        """Write down a check; whether it is the best so far."""
        checked = {"training_loss": training_loss, "log_loss": log_loss, "accuracy": accuracy}
        self.history.append({"step": self.step, **checked})
        better = log_loss < self.best
        self.best = min(self.best, log_loss)
        self.since_best = 0 if better else self.since_best + 1
        self.stopped = self.since_best >= patience
        return better
