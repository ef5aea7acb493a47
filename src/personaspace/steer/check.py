"""How good the steered model is on answers that decide when training stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.devices import Processes
from personaspace.steer.pairs import Block, Pairs, predicted


@torch.no_grad()
def check(
    pairs: Pairs,
    logits: Callable[[Sequence[Block]], list[Tensor]],
    batch: int,
    device: torch.device,
    processes: Processes,
) -> tuple[float, float]:
    """Log-loss and accuracy of every pair's answer.

    Args:
        pairs: One or more.
        logits: Gives the logits of some blocks, ``[n, options]`` each.
        batch: Pairs a pass at the most.
        device: Where the logits are made.
        processes: Who share the work.
    """
    sums = torch.zeros(2, dtype=torch.float64)
    dealt = processes.share(pairs.blocks(batch, np.random.default_rng(0)))
    for _, block, of_block in predicted(pairs, dealt, logits, batch, device):
        sums[0] += float(functional.cross_entropy(of_block, block.chosen, reduction="sum"))
        sums[1] += int((of_block.argmax(1) == block.chosen).sum())
    loss, right = (processes.sum(sums) / len(pairs)).tolist()
    return loss, right
