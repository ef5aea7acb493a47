"""One training step: loss, gradient and optimizer step on some blocks of pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.memory import memory_for
from personaspace.steer.steerer import Steerer
from personaspace.steer.training.checkpoint import Groups, copy_of, optimizer_tensors, restore_optimizer
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.examples import Block, passes
from personaspace.steer.training.settings import TrainSettings, new_optimizer, set_rate
from personaspace.steer.training.worded_answers import NO_TOKEN, WordedBlock


class Learner:
    """Takes training steps of a soft-prompting model on blocks of pairs.

    Args:
        steerer: Holds the soft-prompting model to be trained, which is changed in place.
        settings: Settings of training.
        processes: The processes that train together.
    """

    def __init__(self, steerer: Steerer, settings: TrainSettings, processes: Processes) -> None:
        self.steerer, self.settings, self.processes = steerer, settings, processes
        self.parameters = list(steerer.soft_prompt.parameters())
        self.optimizer = new_optimizer(steerer.soft_prompt, settings)

    def step(
        self, blocks: Sequence[Block], pairs: int, rate: float, worded: Sequence[WordedBlock] = (), asked: int = 1
    ) -> float:
        """Take one step on the mean loss of the pairs, plus the mean loss of the sentences' tokens.

        Args:
            blocks: This process's share of the step.
            pairs: Number of pairs of all processes in this step.
            rate: The learning rate.
            worded: This process's share of the blocks in words.
            asked: Questions asked in words by all processes in this step.

        Returns:
            The loss per pair, without that in words; NaN where loss or gradient are not finite, and then the weights
            stay.
        """
        set_rate(self.optimizer, rate)
        self.optimizer.zero_grad()
        total = 0.0
        rows = self.steerer.rows_per_pass([block.text for block in blocks], self.settings.batch)
        for some in passes([part for block in blocks for part in block.parts(rows)], rows):
            with memory_for(sum(map(len, some))):
                loss = self.loss(some) / pairs
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
        for block in worded:
            with memory_for(len(block)):
                (self.words_loss(block) / asked).backward()  # type: ignore[no-untyped-call]
        total = self.processes.sum_gradients(self.parameters, total)
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, 1.0))
        if not math.isfinite(total + norm):
            return math.nan
        self.optimizer.step()
        return total

    def loss(self, blocks: Sequence[Block]) -> Tensor:
        """Cross-entropy of the options chosen, summed over the pairs of all blocks."""
        losses = [
            functional.cross_entropy(logits, block.chosen, reduction="sum")
            for logits, block in zip(self.steerer.block_logits(blocks), blocks, strict=True)
        ]
        return torch.stack(losses).sum()

    def words_loss(self, block: WordedBlock) -> Tensor:
        """Cross-entropy per token of a block's sentences."""
        logits = self.steerer.text_logits(block)
        return functional.cross_entropy(logits.flatten(0, 1), block.tokens.flatten(), ignore_index=NO_TOKEN)

    def weights(self) -> Groups:
        """A copy of the weights and of the optimizer's state."""
        return {"model": copy_of(self.steerer.soft_prompt), "optimizer": optimizer_tensors(self.optimizer)}

    def restore(self, weights: Groups) -> None:
        """Restore a copy made by :meth:`weights`."""
        self.steerer.soft_prompt.load_state_dict(weights["model"])
        restore_optimizer(self.optimizer, weights.get("optimizer", {}))
