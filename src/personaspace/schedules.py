"""The learning-rate schedule of embedders and of soft-prompting models: half a cosine."""

from __future__ import annotations

import math


def cosine(done: float, total: float = 1) -> float:
    """Factor on the learning rate after some of the training: 1 at the start, 0 at the end, half a cosine between.

    Args:
        done: How much is done, such as steps; by default as a share of the whole.
        total: How much there is to do, in the same unit.

    Example:
        >>> [round(cosine(step, 100), 2) for step in (0, 50, 100)]
        [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * done / total))
