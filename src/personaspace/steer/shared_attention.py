r"""Attention over a question shared by all personas of a batch, without a copy of it per persona.

Row i of the batch has queries q_i, private keys K_i and values V_i (its virtual tokens and the cue); all rows share the
question's K and V. The softmax runs over both parts at once,

    a_i = softmax([q_i K^T, q_i K_i^T + causal mask] / sqrt(d)),    o_i = a_i [V; V_i],

but q K^T and a V over the shared part are one matrix product for the whole batch, and no gradient is made for K and V.
The result equals plain attention over the joined keys up to rounding (the idea of shared-prefix attention, arXiv
2402.05099).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, DynamicCache

KeysValues = list[tuple[Tensor, Tensor]]

NAME = "personaspace-shared"
_question: ContextVar[KeysValues] = ContextVar("question")


class PrivateCache(DynamicCache):
    """A cache that holds what is private to each row and counts the shared question as read.

    Args:
        private: Per layer keys and values each row starts with; empty if none.
        shared: How many tokens the shared question has.
    """

    def __init__(self, private: KeysValues, shared: int) -> None:
        super().__init__(private or None)
        self.shared = shared

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens read so far, the shared ones included."""
        return int(super().get_seq_length(layer_idx)) + self.shared


@contextmanager
def shared_question(model: Any, keys_values: KeysValues) -> Iterator[None]:
    """Let a model's attention see a shared question for one forward pass with a :class:`PrivateCache`."""
    usual = model.config._attn_implementation
    token = _question.set(keys_values)
    model.config._attn_implementation = NAME
    try:
        yield
    finally:
        model.config._attn_implementation = usual
        _question.reset(token)


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend to the shared question and to each row's own tokens.

    Args:
        module: The attention layer, which knows its place.
        query: Shape ``[n, heads, new, d]``.
        key: Each row's own keys so far, ``[n, kv_heads, own, d]``; the last ``new`` of them are the new tokens'.
        value: As ``key``.
        attention_mask: Unused; nothing is padded here.
        scaling: Factor on the scores; one over the root of d where not given.

    Returns:
        Shape ``[n, new, heads, d]``, and no attention weights.
    """
    keys, values = _question.get()[module.layer_idx]
    n, heads, new, d = query.shape
    kv_heads, own = key.shape[1], key.shape[2]
    grouped = (query * (scaling or d**-0.5)).reshape(n, kv_heads, -1, d)
    flat = grouped.transpose(0, 1).reshape(kv_heads, -1, d)
    to_question = (flat @ keys[0].mT).reshape(kv_heads, n, -1, keys.shape[2]).transpose(0, 1)
    to_own = (grouped @ key.mT).reshape(n, kv_heads, -1, new, own)
    visible = torch.ones(new, own, dtype=torch.bool, device=query.device).tril(own - new)
    to_own = to_own.masked_fill(~visible, -torch.inf).reshape(n, kv_heads, -1, own)
    weights = torch.cat([to_question, to_own], dim=-1).softmax(-1, dtype=torch.float32).to(query.dtype)
    on_question, on_own = weights[..., :-own], weights[..., -own:]
    seen = on_question.transpose(0, 1).reshape(kv_heads, -1, keys.shape[2]) @ values[0]
    out = seen.reshape(kv_heads, n, -1, d).transpose(0, 1) + on_own @ value
    return out.reshape(n, heads, new, d).transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, attention)
