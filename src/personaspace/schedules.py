"""The learning-rate schedule that every training here uses: half a cosine."""

from __future__ import annotations

import math


def cosine(done: float) -> float:
    """Factor on the learning rate when a share of the training is done: 1 at the start, 0 at the end.

    Example:
        >>> [round(cosine(done), 2) for done in (0.0, 0.5, 1.0)]
        [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * done))
