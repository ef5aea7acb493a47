"""The last position's final state, read in two passes: in the last layer nobody needs the states of the others.

All but the last token are read until the last layer has its keys and values, then the last token alone. That spares the
last layer's attention and its feed-forward part for every token but one, forward and backward; the result is the same.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from torch import Tensor
from transformers import DynamicCache

WORTHWHILE = 8
"""New tokens from which on sparing the last layer outweighs a second pass."""


class LastLayerReached(Exception):  # noqa: N818
    """The last layer's keys and values are in the cache."""


class InterruptingCache(DynamicCache):
    """A cache that ends a forward pass, once, as soon as its last layer has been filled.

    Args:
        keys_values: Per layer keys and values each row starts with; empty if none.
        layers: How many layers the model has.
    """

    def __init__(self, keys_values: Any, layers: int) -> None:
        super().__init__(keys_values or None)
        self._interrupted_by: int | None = layers - 1

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **more: Any) -> Any:
        """Add what was read; raises :class:`LastLayerReached` at the last layer of the first pass."""
        found = super().update(key_states, value_states, layer_idx, *args, **more)
        if layer_idx == self._interrupted_by:
            self._interrupted_by = None
            raise LastLayerReached
        return found


def last_position(model: Any, embeddings: Tensor, keys_values: Any, mask: Tensor, layers: int) -> Tensor:
    """Final hidden state of the last position.

    Args:
        model: A ``transformers`` model without its output layer.
        embeddings: What is to be read, ``[n, tokens, width]``.
        keys_values: What has been read, per layer keys and values ``[n, kv_heads, past, head_dim]``; may be empty.
        mask: Over past and new tokens, ``[n, past + tokens]``.
        layers: How many layers the model has.

    Returns:
        Shape ``[n, width]``.
    """
    cache: Any = DynamicCache(keys_values or None)
    rest = embeddings
    if embeddings.shape[1] >= WORTHWHILE:
        cache, rest = InterruptingCache(keys_values, layers), embeddings[:, -1:]
        with suppress(LastLayerReached):
            model(inputs_embeds=embeddings[:, :-1], past_key_values=cache, attention_mask=mask[:, :-1], use_cache=True)
    hidden: Tensor = model(
        inputs_embeds=rest, past_key_values=cache, attention_mask=mask, use_cache=True
    ).last_hidden_state
    return hidden[:, -1]
