"""A training checkpoint: groups of tensors and a state, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from personaspace.files import read_metadata, read_tensors, write_tensors

Tensors = dict[str, Tensor]
Groups = dict[str, Tensors]


def write_checkpoint(path: Path, groups: Groups, state: Mapping[str, Any]) -> None:
    """Write groups of named tensors and a JSON state atomically."""
    tensors = {f"{group}.{name}": t.cpu() for group, named in groups.items() for name, t in named.items()}
    write_tensors(path, tensors, {"state": json.dumps(state)})


def read_checkpoint(path: Path, device: torch.device) -> tuple[Groups, dict[str, Any]]:
    """Read what :func:`write_checkpoint` wrote."""
    groups: Groups = {}
    for key, array in read_tensors(path).items():
        group, _, name = key.partition(".")
        groups.setdefault(group, {})[name] = torch.from_numpy(array).to(device)
    return groups, json.loads(read_metadata(path)["state"])


def copy_of(module: nn.Module) -> Tensors:
    """A copy of a module's tensors."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """A copy of an optimizer's state as named tensors, ``{parameter}.{slot}``."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{slot}": tensor.clone() for index, slots in state.items() for slot, tensor in slots.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load tensors named by :func:`optimizer_tensors` into an optimizer in place of its state."""
    slots: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        slots.setdefault(int(index), {})[slot] = tensor.clone()
    optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
