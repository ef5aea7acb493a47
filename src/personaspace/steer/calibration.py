"""Temperature scaling: one number by which logits are divided, so that probabilities say how often they are right.

With z_i the logits of pair i and y_i the answer given, the temperature T minimises the log-loss

    sum_i log sum_o exp(z_io / T) - z_iy / T,

which is convex in 1 / T (Guo et al. 2017, arXiv 1706.04599). It moves no option past another.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from personaspace.steer.attach import Attachment
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.pairs import Pairs, predicted
from personaspace.steer.soft_prompts import SoftPrompt
from personaspace.steer.steered_logits import logits_of_blocks

COLDEST, HOTTEST = 0.25, 10.0
HALVINGS = 50


def best_temperature(logits: Tensor, chosen: Tensor) -> float:
    """The temperature of least log-loss, from 0.25 to 10.

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


@torch.no_grad()
def fitted_temperature(
    model: LanguageModel, soft_prompt: SoftPrompt, attachment: Attachment, pairs: Pairs, batch: int
) -> float:
    """The temperature under which a steered model predicts these pairs best; none of them should be trained on.

    Args:
        model: The frozen model.
        soft_prompt: Trained.
        attachment: Placement and form of the virtual tokens.
        pairs: What is to be predicted.
        batch: Pairs a pass at the most.
    """
    logits = torch.full((len(pairs), max(pairs.sizes)), -torch.inf)
    dealt = pairs.blocks(batch, np.random.default_rng(0))
    score = partial(logits_of_blocks, model, soft_prompt, attachment)
    for rows, _, of_block in predicted(pairs, dealt, score, batch, model.device):
        logits[torch.from_numpy(rows), : of_block.shape[1]] = of_block.float().cpu()
    return best_temperature(logits, torch.tensor(pairs.option))
