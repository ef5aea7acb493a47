"""Input brought to one scale."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Standardize(nn.Module):
    """Shift to mean 0 and scale to variance 1, as measured once on training data.

    Args:
        width: Width of what is standardized.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    @torch.no_grad()
    def measure(self, rows: Tensor) -> None:
        """Take mean and standard deviation from rows of shape ``[n, width]``."""
        self.mean.copy_(rows.mean(0))
        self.scale.copy_(rows.std(0, correction=0).clamp_min(1e-6))

    def forward(self, rows: Tensor) -> Tensor:
        """Standardize rows of shape ``[n, width]``."""
        return (rows - self.mean) / self.scale
