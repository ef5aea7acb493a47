"""The last layer of a forward pass at the last position alone: the other positions need only its keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.modeling_layers import GradientCheckpointingLayer


class _Filled(Exception):  # noqa: N818
    """The layer's keys and values are in the cache."""


class EndingCache(DynamicCache):
    """A cache that can end a layer as soon as it has written its keys and values.

    Args:
        keys_values: Per layer keys and values each row starts with; empty if none.
    """

    def __init__(self, keys_values: Any) -> None:
        super().__init__(keys_values or None)
        self.ending = False

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **more: Any) -> Any:
        """Add what was read; where the layer is to end, without the last position, which is still to be read."""
        read = super().update(key_states, value_states, layer_idx, *args, **more)
        if self.ending:
            layer: Any = self.layers[layer_idx]
            layer.keys, layer.values = layer.keys[:, :, :-1], layer.values[:, :, :-1]
            raise _Filled
        return read


@contextmanager
def last_position_only(model: Any, cache: EndingCache) -> Iterator[None]:
    """Compute the last layer at the last position alone in forward passes with a cache.

    The other positions of what the pass returns mean nothing.
    """
    layer = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)][-1]
    whole = layer.forward

    def forward(hidden_states: Tensor, *args: Any, **named: Any) -> Any:
        tokens = hidden_states.shape[1]
        cache.ending = True
        with suppress(_Filled):
            whole(hidden_states, *args, **named)
        cache.ending = False
        last = [_last(given, tokens) for given in args], {name: _last(given, tokens) for name, given in named.items()}
        made = whole(hidden_states[:, -1:], *last[0], **last[1])
        states = made[0] if isinstance(made, tuple) else made
        states = torch.cat([hidden_states[:, :-1].detach(), states], dim=1)
        return (states, *made[1:]) if isinstance(made, tuple) else states

    layer.forward = forward
    try:
        yield
    finally:
        del layer.forward


def _last(given: Any, tokens: int) -> Any:
    """What a layer is given for the last token: of positions, their embeddings and masks of scores, the last row."""
    if isinstance(given, tuple):
        return tuple(_last(part, tokens) for part in given)
    if not isinstance(given, Tensor):
        return given
    rows = {1: 0, 2: 1, 3: 1, 4: 2}.get(given.ndim)
    return given.narrow(rows, tokens - 1, 1) if rows is not None and given.shape[rows] == tokens else given
