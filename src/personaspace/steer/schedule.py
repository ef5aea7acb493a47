"""The learning rate over the steps of a training."""

from __future__ import annotations

import math


def schedule(step: int, steps: int) -> float:
    """Share of the full learning rate at a step: a linear warm-up, then a cosine to 0.

    Example:
        >>> [round(schedule(step, 100), 2) for step in (0, 4, 5, 52, 99)]
        [0.2, 1.0, 1.0, 0.51, 0.0]
    """
    warm_up = max(1, min(200, steps // 20))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
