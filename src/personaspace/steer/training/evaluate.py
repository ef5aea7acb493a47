"""Validation of a soft-prompting model: log-loss, accuracy, and temperature scaling.

Temperature scaling divides all logits by one number T. With z_i the logits of pair i and y_i the answer given, T
minimises the log-loss

    sum_i log sum_o exp(z_io / T) - z_iy / T,

which is convex in 1 / T (Guo et al. 2017, arXiv 1706.04599). The order of the options stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.memory import memory_for
from personaspace.steer.steerer import Steerer
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.examples import Block, Pairs, passes
from personaspace.steer.training.worded_answers import NO_TOKEN
from personaspace.survey.arrays import IntArray

COLDEST, HOTTEST = 0.25, 10.0
HALVINGS = 50
WORDED, ROWS = 16, 8
"""Blocks in words, and pairs in each, on which the loss of the sentences is measured."""


@torch.no_grad()
def validate(steerer: Steerer, pairs: Pairs, batch: int, processes: Processes) -> tuple[float, float]:
    """Mean log-loss and accuracy over pairs.

    Args:
        steerer: Predicts the answers.
        pairs: One or more.
        batch: Pairs per pass, at most.
        processes: The processes that share the work.
    """
    sums = torch.zeros(2, dtype=torch.float64)
    dealt = processes.share(pairs.blocks(batch, np.random.default_rng(0)))
    for _, block, logits in _predicted(steerer, pairs, dealt, batch):
        sums[0] += float(functional.cross_entropy(logits, block.chosen, reduction="sum"))
        sums[1] += int((logits.argmax(1) == block.chosen).sum())
    loss, accuracy = (processes.sum(sums) / len(pairs)).tolist()
    return loss, accuracy


@torch.no_grad()
def words_loss(steerer: Steerer, pairs: Pairs, processes: Processes) -> float | None:
    """Mean log-loss per token of the sentences that say the options of some pairs.

    Args:
        steerer: Predicts the sentences.
        pairs: One or more; the first :data:`WORDED` blocks of them are taken.
        processes: The processes that share the work.

    Returns:
        ``None`` where the pairs have no sentences.
    """
    dealt = processes.share(pairs.blocks(ROWS, np.random.default_rng(0))[:WORDED])
    sums = torch.zeros(2, dtype=torch.float64)
    for indices in dealt:
        block = pairs.worded_block(indices, steerer.model.device)
        if block is not None:
            tokens = block.tokens.flatten()
            logits = steerer.text_logits(block).flatten(0, 1)
            sums[0] += float(functional.cross_entropy(logits, tokens, ignore_index=NO_TOKEN, reduction="sum"))
            sums[1] += int((tokens != NO_TOKEN).sum())
    total, count = processes.sum(sums).tolist()
    return total / count if count else None


@torch.no_grad()
def fitted_temperature(steerer: Steerer, pairs: Pairs, batch: int) -> float:
    """Temperature of least log-loss on pairs that were not trained on.

    Args:
        steerer: Predicts the answers; trained.
        pairs: Validation pairs.
        batch: Pairs per pass, at most.
    """
    logits = torch.full((len(pairs), max(pairs.sizes)), -torch.inf)
    dealt = pairs.blocks(batch, np.random.default_rng(0))
    for rows, _, of_block in _predicted(steerer, pairs, dealt, batch):
        logits[torch.from_numpy(rows), : of_block.shape[1]] = of_block.float().cpu()
    return best_temperature(logits, torch.tensor(pairs.option))


def best_temperature(logits: Tensor, chosen: Tensor) -> float:
    """Temperature of least log-loss, from 0.25 to 10.

    Args:
        logits: Shape ``[pairs, options]``; minus infinity where a question has no such option.
        chosen: The option chosen, shape ``[pairs]``.

    Returns:
        The temperature; 1 where there are no pairs.

    Example:
        >>> logits = torch.tensor([[4.0, 0.0]]).repeat(4, 1)
        >>> round(best_temperature(logits, torch.tensor([0, 0, 0, 1])), 3)  # 4 / T = log(3 / 1)
        3.641
    """
    if not len(logits):
        return 1.0
    logits = logits.double()
    given = logits.gather(1, chosen[:, None]).sum()
    finite = logits.nan_to_num(neginf=0.0)
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        expected = ((logits * middle).softmax(-1) * finite).sum()
        low, high = (low, middle) if expected > given else (middle, high)
    return 2 / (low + high)


def _predicted(
    steerer: Steerer, pairs: Pairs, dealt: Sequence[IntArray], batch: int
) -> Iterator[tuple[IntArray, Block, Tensor]]:
    """Each block's indices, the block and its logits, several blocks per pass."""
    rows = iter(dealt)
    for blocks in passes((pairs.block(indices, steerer.model.device) for indices in dealt), batch):
        with memory_for(sum(map(len, blocks))):
            scored = steerer.block_logits(blocks)
        for block, logits in zip(blocks, scored, strict=True):
            yield next(rows), block, logits
