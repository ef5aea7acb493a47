"""One step of training: the loss of a block, its gradient, and the weights it moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from personaspace.steer.attach import Attachment
from personaspace.steer.checkpoint import Groups, copy_of, optimizer_tensors, restore_optimizer
from personaspace.steer.devices import Processes
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.memory import memory_for
from personaspace.steer.optimizer import new_optimizer, set_rate
from personaspace.steer.pairs import Block, passes
from personaspace.steer.passes import rows_a_pass
from personaspace.steer.soft_prompts import SoftPrompt
from personaspace.steer.steered_logits import logits_of_blocks
from personaspace.steer.train_settings import TrainSettings


class Learner:
    """A soft-prompting model that learns from blocks of pairs.

    Args:
        model: The frozen model.
        soft_prompt: The model to be trained, changed in place.
        attachment: Placement and form of the virtual tokens.
        settings: How to train.
        processes: Who train together.
    """

    def __init__(
        self,
        model: LanguageModel,
        soft_prompt: SoftPrompt,
        attachment: Attachment,
        settings: TrainSettings,
        processes: Processes,
    ) -> None:
        self.model, self.soft_prompt, self.attachment = model, soft_prompt, attachment
        self.settings, self.processes = settings, processes
        self.parameters = list(soft_prompt.parameters())
        self.optimizer = new_optimizer(soft_prompt, settings.learning_rate, settings.weight_decay)

    def step(self, blocks: Sequence[Block], pairs: int, rate: float) -> float:
        """Learn from some blocks.

        Args:
            blocks: This process's share.
            pairs: How many pairs all processes have together in this step.
            rate: The learning rate.

        Returns:
            The loss per pair. Where it is not finite, nothing was learnt.
        """
        set_rate(self.optimizer, rate)
        self.optimizer.zero_grad()
        total = 0.0
        rows = self._rows_a_pass(blocks)
        for some in passes([part for block in blocks for part in block.parts(rows)], rows):
            with memory_for(sum(map(len, some))):
                loss = self.loss(some) / pairs
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
        total = self.processes.sum_gradients(self.parameters, total)
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, 1.0))
        if not math.isfinite(total + norm):
            return math.nan
        self.optimizer.step()
        return total

    def _rows_a_pass(self, blocks: Sequence[Block]) -> int:
        tokens = max((self.model.read(block.text).ids.shape[1] for block in blocks), default=0)
        return rows_a_pass(self.model, self.attachment, tokens, self.settings.batch)

    def loss(self, blocks: Sequence[Block]) -> Tensor:
        """What is minimized, summed over the pairs of some blocks."""
        losses = [
            functional.cross_entropy(logits, block.chosen if block.target is None else block.target, reduction="sum")
            for logits, block in zip(self.logits(blocks), blocks, strict=True)
        ]
        return torch.stack(losses).sum()

    def logits(self, blocks: Sequence[Block]) -> list[Tensor]:
        """Logits of the options for every pair, a tensor ``[n, options]`` for each block."""
        return logits_of_blocks(self.model, self.soft_prompt, self.attachment, blocks)

    def weights(self) -> Groups:
        """A copy of what learning changes."""
        return {"model": copy_of(self.soft_prompt), "optimizer": optimizer_tensors(self.optimizer)}

    def restore(self, weights: Groups) -> None:
        """Put back what :meth:`weights` copied."""
        self.soft_prompt.load_state_dict(weights["model"])
        restore_optimizer(self.optimizer, weights.get("optimizer", {}))
