"""Logs of training metrics, as JSON lines and for TensorBoard."""

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
    """Metrics of one training step.

    Attributes:
        step: Its number, from 1.
        pairs: Respondent x question pairs trained on so far.
        pairs_per_second: In this step.
        loss: Training loss of this step.
        learning_rate: In this step.
        log_loss: On the validation answers, where a check followed this step.
        accuracy: As ``log_loss``.
        words_loss: As ``log_loss``, per token of the sentences that say the answers, where these are learned.
    """

    step: int
    pairs: int
    pairs_per_second: float
    loss: float
    learning_rate: float
    log_loss: float | None = None
    accuracy: float | None = None
    words_loss: float | None = None

    def known(self) -> dict[str, float]:
        """The known metrics by name; the loss of a skipped step is not among them."""
        return {name: value for name, value in asdict(self).items() if value is not None and math.isfinite(value)}


class MetricsLog(Protocol):
    """A log that training writes its metrics to."""

    def resume(self, step: int) -> None:
        """Begin, or resume after a step, dropping later steps."""

    def write(self, metrics: Metrics) -> None:
        """Write one step."""

    def close(self) -> None:
        """Close the log."""


class JsonLines:
    """A log file with a line of JSON for every step.

    Args:
        path: The file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

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
    """A log for TensorBoard, shown by ``tensorboard --logdir FOLDER``.

    Args:
        folder: Holds the event files.

    Raises:
        SettingError: TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise SettingError("TensorBoard is not installed: pip install 'personaspace[tensorboard]'") from error
        self.make, self.folder = SummaryWriter, folder

    def resume(self, step: int) -> None:
        """Begin an event file that hides later steps of earlier files."""
        self.writer = self.make(str(self.folder), purge_step=step + 1)

    def write(self, metrics: Metrics) -> None:
        """Add a point to every curve."""
        for name, value in metrics.known().items():
            if name != "step":
                self.writer.add_scalar(name, value, metrics.step)

    def close(self) -> None:
        """Flush and close the event file."""
        self.writer.close()
