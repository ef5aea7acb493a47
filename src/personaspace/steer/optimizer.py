"""AdamW for soft-prompting models of any width.

A step of Adam moves every weight by about the learning rate, so what a matrix gives moves by up to the rate times its
number of inputs. Matrices with more inputs therefore get a smaller rate and those with fewer a larger one (arXiv
2203.03466): the given rate is for 512 inputs.
"""

from __future__ import annotations

import torch
from torch import nn

WIDTH = 512
MOST = 16.0


def new_optimizer(module: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW with a group for every share of the learning rate: 512 over a matrix's inputs, 16 at most; else 1."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        matrix = name.endswith("weight") and parameter.ndim == 2
        share = min(MOST, WIDTH / parameter.shape[1]) if matrix else 1.0
        groups.setdefault(share, []).append(parameter)
    shares = [{"params": parameters, "share": share} for share, parameters in groups.items()]
    return torch.optim.AdamW(shares, lr=learning_rate, weight_decay=weight_decay, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
