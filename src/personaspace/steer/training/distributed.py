"""Data-parallel training in processes that ``accelerate launch`` or ``torchrun`` starts, on one machine or several.

Every process holds the same weights and works on its share of a step's questions; the gradients are summed over the
processes, so that all of them take the step that one process would have taken, up to rounding.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """One process among those that train together.

    Attributes:
        rank: Its number; 0 is the main process, the only one that writes.
        count: Number of processes.

    Example:
        >>> Processes(rank=1, count=2).share(["a", "b", "c", "d"])
        ['b', 'd']
    """

    rank: int = 0
    count: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the main process."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """This process's share of a list that all of them have."""
        return items[self.rank :: self.count]

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes, the same in each; the tensor itself is overwritten."""
        if self.count > 1:
            distributed.all_reduce(tensor)
        return tensor

    def sum_gradients(self, parameters: Sequence[Tensor], loss: float) -> float:
        """Sum gradients in place, and a loss, over all processes."""
        if self.count == 1:
            return loss
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients] + [gradients[0].new_tensor([loss])])
        parts = torch.split_with_sizes(self.sum(flat), [p.numel() for p in parameters] + [1])
        for parameter, part in zip(parameters, parts, strict=False):
            parameter.grad = part.view_as(parameter)
        return float(parts[-1])

    def wait(self) -> None:
        """Block until every process has called this."""
        self.sum(torch.zeros(1))


def launched() -> Processes:
    """The processes this one was launched with; a single one without a launcher."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    if not distributed.is_initialized():
        distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
        atexit.register(distributed.destroy_process_group)
    return Processes(distributed.get_rank(), distributed.get_world_size())


def own_device(device: str) -> str:
    """The device of this process: processes on one machine use one GPU each."""
    return f"cuda:{os.environ['LOCAL_RANK']}" if device == "cuda" and "LOCAL_RANK" in os.environ else device
