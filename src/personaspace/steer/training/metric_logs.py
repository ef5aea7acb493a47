"""What a training logs: JSON lines always, TensorBoard on request."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from personaspace.errors import SettingError
from personaspace.files import write_text


@dataclass(frozen=True)
class Metrics:
    """One step of a training.

    Attributes:
        step: Its number, from 1.
        pairs: Respondent x question pairs learnt from so far.
        pairs_per_second: In this step.
        loss: Training loss of this step.
        learning_rate: In this step.
        log_loss: On the early-stopping answers, where this step was followed by a look at them.
        accuracy: As ``log_loss``.
    """

    step: int
    pairs: int
    pairs_per_second: float
    loss: float
    learning_rate: float
    log_loss: float | None = None
    accuracy: float | None = None

    def known(self) -> dict[str, float]:
        """What is known of this step, by name; of a skipped step the loss is not."""
        return {name: value for name, value in asdict(self).items() if value is not None and math.isfinite(value)}


class MetricsLog(Protocol):
    """Where metrics are written."""

    def resume(self, step: int) -> None:
        """Begin, or go on after a step; what was written of later steps is dropped."""

    def write(self, metrics: Metrics) -> None:
        """Write one step."""

    def close(self) -> None:
        """Be done."""


class JsonLines:
    """A line of JSON for every step.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def resume(self, step: int) -> None:
        """Keep the lines up to a step."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if step and self.path.exists() else []
        write_text(self.path, "".join(f"{line}\n" for line in lines[:step]))
        self.file = self.path.open("a", encoding="utf-8", buffering=1)

    def write(self, metrics: Metrics) -> None:
        """Append a line."""
        self.file.write(json.dumps(metrics.known()) + "\n")

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class TensorBoard:
    """Curves that ``tensorboard --logdir FOLDER`` shows.

    Args:
        folder: Where its event files go.

    Raises:
        SettingError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise SettingError("TensorBoard is not installed: pip install 'personaspace[tensorboard]'") from error
        self.make, self.folder = SummaryWriter, folder

    def resume(self, step: int) -> None:
        """Begin an event file that hides what was written of later steps."""
        self.writer = self.make(str(self.folder), purge_step=step + 1)

    def write(self, metrics: Metrics) -> None:
        """Write a point of every curve."""
        for name, value in metrics.known().items():
            if name != "step":
                self.writer.add_scalar(name, value, metrics.step)

    def close(self) -> None:
        """Write out what is left."""
        self.writer.close()
