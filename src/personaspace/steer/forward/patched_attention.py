"""Attention over shared questions for model families whose attention ``transformers`` does not let one choose.

Their layers compute attention in a method of their own. For one forward pass that method is replaced, layer by layer,
by one that passes queries, keys and values to the attention over shared questions, and restored afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor

Attend = Callable[..., Tensor]
"""Attention over shared questions: layer, query, key, value and the factor on the scores; ``[n, heads, new, d]``."""

Methods = dict[str, Callable[..., Any]]
"""Replacements by the name of the method replaced."""


def can_be_patched(model: Any) -> bool:
    """Whether a model has attention layers of a kind in :data:`METHODS`."""
    return bool(_known_layers(model))


@contextmanager
def patched(model: Any, attend: Attend) -> Iterator[None]:
    """Compute attention by ``attend`` in all layers of the kinds in :data:`METHODS`."""
    layers = _known_layers(model)
    for layer, methods in layers:
        for name, method in methods.items():
            setattr(layer, name, partial(method, layer, attend))
    try:
        yield
    finally:
        for layer, methods in layers:
            for name in methods:
                delattr(layer, name)


def _known_layers(model: Any) -> list[tuple[Any, Methods]]:
    named = ((module, type(module).__name__) for module in model.modules())
    return [(module, METHODS[name]) for module, name in named if name in METHODS]


def _gpt_neo(
    layer: Any, attend: Attend, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> tuple[Tensor, None]:
    """Scores are of single precision and not scaled. A local layer sees all that is no longer than its window."""
    return attend(layer.layer_id, query.float(), key.float(), value, 1.0), None


def _gpt_j(
    layer: Any, attend: Attend, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> tuple[Tensor, None]:
    return attend(layer.layer_idx, query.float(), key.float(), value, layer.head_dim**-0.5), None


def _gpt_j_positions(layer: Any, _: Attend, position_ids: Tensor) -> Tensor:
    """The table of positions, not copied for every row as the layer itself does."""
    table: Tensor = layer.embed_positions.to(position_ids.device)
    return table.expand(len(position_ids), -1, -1)


def _falcon(
    layer: Any,
    attend: Attend,
    hidden_states: Tensor,
    *_: Any,
    layer_past: Any,
    position_embeddings: tuple[Tensor, Tensor],
    **__: Any,
) -> tuple[Tensor, None]:
    """The whole layer, whose attention is no method of its own; with rotary positions."""
    from transformers.models.falcon.modeling_falcon import apply_rotary_pos_emb

    split = layer._split_heads(layer.query_key_value(hidden_states))
    query, key, value = (part.transpose(1, 2) for part in split)
    query, key = apply_rotary_pos_emb(query, key, *position_embeddings)  # type: ignore[no-untyped-call]
    key, value = layer_past.update(key, value, layer.layer_idx)
    seen = attend(layer.layer_idx, query, key, value, layer.inv_norm_factor)
    return layer.dense(seen.transpose(1, 2).flatten(2)), None


METHODS: dict[str, Methods] = {
    "GPTNeoSelfAttention": {"_attn": _gpt_neo},
    "GPTJAttention": {"_attn": _gpt_j, "_get_embed_positions": _gpt_j_positions},
    "FalconAttention": {"forward": _falcon},
}
"""Methods to replace, by the class of the attention layer."""
