"""Less memory for more time: the frozen model's activations are computed again in the backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer


@contextmanager
def recomputed(model: Any) -> Iterator[None]:
    """Keep only the input of every layer of a forward pass, and run the layer again when its gradient is due.

    The model stays in evaluation mode, without dropout. The pass must not write a cache: running a layer twice would
    write it twice.
    """
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
