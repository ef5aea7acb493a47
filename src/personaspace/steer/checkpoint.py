"""A training checkpoint: groups of tensors and a state, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from personaspace.files import read_metadata, read_tensors, write_tensors

Groups = dict[str, dict[str, Tensor]]


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


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's state as named tensors, ``{parameter}.{slot}``."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{slot}": tensor for index, slots in state.items() for slot, tensor in slots.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors named by :func:`optimizer_tensors` back."""
    state = optimizer.state_dict()
    for name, tensor in tensors.items():
        index, _, slot = name.partition(".")
        state["state"].setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict(state)
