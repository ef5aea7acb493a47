"""How good the steered model is on answers that decide when training stops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.devices import Processes
from personaspace.steer.memory import memory_for
from personaspace.steer.pairs import Block, Pairs


@torch.no_grad()
def check(
    pairs: Pairs, logits: Callable[[Block], Tensor], batch: int, device: torch.device, processes: Processes
) -> tuple[float, float]:
    """Log-loss and accuracy of every pair's answer.

    Args:
        pairs: One or more.
        logits: Gives a block's logits, shape ``[n, options]``.
        batch: Pairs a pass at the most.
        device: Where the logits are made.
        processes: Who share the work.
    """
    sums = torch.zeros(2, dtype=torch.float64)
    for indices in processes.share(pairs.blocks(batch, np.random.default_rng(0))):
        block = pairs.block(indices, device)
        with memory_for(len(block)):
            predicted = logits(block)
        sums[0] += float(functional.cross_entropy(predicted, block.chosen, reduction="sum"))
        sums[1] += int((predicted.argmax(1) == block.chosen).sum())
    loss, right = (processes.sum(sums) / len(pairs)).tolist()
    return loss, right
