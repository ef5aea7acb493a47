"""How good the steered model is on answers that decide when training stops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.pairs import Block, Pairs


@torch.no_grad()
def check(pairs: Pairs, logits: Callable[[Block], Tensor], batch: int, device: torch.device) -> tuple[float, float]:
    """Log-loss and accuracy of every pair's answer.

    Args:
        pairs: One or more.
        logits: Gives a block's logits, shape ``[n, options]``.
        batch: Pairs a pass at the most.
        device: Where the logits are made.
    """
    loss, right = 0.0, 0
    for indices in pairs.blocks(batch, np.random.default_rng(0)):
        block = pairs.block(indices, device)
        predicted = logits(block)
        loss += float(functional.cross_entropy(predicted, block.chosen, reduction="sum"))
        right += int((predicted.argmax(1) == block.chosen).sum())
    return loss / len(pairs), right / len(pairs)
