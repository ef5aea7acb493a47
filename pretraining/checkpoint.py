"""Checkpoints: one safetensors file with everything that training continues from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

_MODEL = "model."
_OPTIMIZER = "optimizer."


@dataclass(frozen=True)
class Checkpoint:
    """A training run at some step.

    Attributes:
        weights: Parameters of the model by name.
        optimizer: State of the optimizer by parameter index and name.
        step: Steps taken.
        elapsed: Seconds trained.
    """

    weights: dict[str, torch.Tensor]
    optimizer: dict[int, dict[str, torch.Tensor]]
    step: int
    elapsed: float

    def write(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, whole."""
        tensors = {_MODEL + name: value.detach() for name, value in self.weights.items()}
        for index, state in self.optimizer.items():
            tensors |= {f"{_OPTIMIZER}{index}.{name}": value for name, value in state.items()}
        part = path.with_suffix(".part")
        save_file(tensors, part, {"step": str(self.step), "elapsed": repr(self.elapsed)})
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a file written by :meth:`write`."""
        with safe_open(path, "pt") as stored:
            metadata = stored.metadata()
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        weights: dict[str, torch.Tensor] = {}
        optimizer: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith(_MODEL):
                weights[name.removeprefix(_MODEL)] = value
            else:
                index, key = name.removeprefix(_OPTIMIZER).split(".")
                optimizer.setdefault(int(index), {})[key] = value
        return cls(weights, optimizer, int(metadata["step"]), float(metadata["elapsed"]))


def copy_weights(weights: dict[str, torch.Tensor], model: torch.nn.Module) -> None:
    """Copy the weights of a checkpoint into a model."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
