r"""Attention over questions shared by all personas of a batch, without a copy of a question per persona.

Row i of the batch has queries q_i, private keys K_i and values V_i (its virtual tokens and the cue); all rows of one
question share its K and V. The softmax runs over both parts at once,

    a_i = softmax([q_i K^T, q_i K_i^T + causal mask] / sqrt(d)),    o_i = a_i [V; V_i],

but q K^T and a V over the shared part are one matrix product a question, and no gradient is made for K and V. Several
questions, each with as many rows as the others, share one pass; the shorter ones are padded and the padding is masked.
The result equals plain attention over the joined keys up to rounding (the idea of shared-prefix attention, arXiv
2402.05099).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import AttentionInterface, DynamicCache

from personaspace.steer.forward.patched_attention import patched

KeysValues = list[tuple[Tensor, Tensor]]

NAME = "personaspace-shared"


@dataclass(frozen=True)
class Shared:
    """Keys and values of questions that were read before.

    Attributes:
        keys_values: Per layer keys and values, each ``[questions, kv_heads, tokens, head_dim]``.
        padding: Added to the attention scores, minus infinity where a shorter question is padded,
            ``[questions, tokens]``; ``None`` where all are equally long.
        own: Which of its own tokens a row has, 0 where it is padded, ``[n, own]``; for one new token after one
            question. ``None`` where rows are not padded.
    """

    keys_values: KeysValues
    padding: Tensor | None = None
    own: Tensor | None = None

    @classmethod
    def stacked(cls, questions: Sequence[KeysValues]) -> Shared:
        """Several questions, each with keys and values ``[1, kv_heads, tokens, head_dim]`` per layer."""
        if len(questions) == 1:
            return cls(questions[0])
        lengths = torch.tensor([length_of(question) for question in questions])
        keys_values = [
            (_padded([layer[0] for layer in layers]), _padded([layer[1] for layer in layers]))
            for layers in zip(*questions, strict=True)
        ]
        outside = torch.arange(int(lengths.max())) >= lengths[:, None]
        keys = keys_values[0][0]
        return cls(keys_values, torch.zeros(outside.shape).masked_fill(outside, -torch.inf).to(keys))


_shared: ContextVar[Shared] = ContextVar("shared")


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


def length_of(keys_values: KeysValues) -> int:
    """Number of tokens whose keys and values these are."""
    return keys_values[0][0].shape[2] if keys_values else 0


@contextmanager
def shared_questions(model: Any, shared: Shared) -> Iterator[None]:
    """Let a model's attention see shared questions for one forward pass with a :class:`PrivateCache`."""
    usual = model.config._attn_implementation
    token = _shared.set(shared)
    model.config._attn_implementation = NAME
    try:
        with patched(model, _attend):
            yield
    finally:
        model.config._attn_implementation = usual
        _shared.reset(token)


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001
    scaling: float | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention to the row's shared question and to the row's own tokens, with the signature ``transformers`` calls.

    Args:
        module: The attention layer, which knows its index.
        query: Shape ``[n, heads, new, d]``.
        key: Each row's own keys so far, ``[n, kv_heads, own, d]``; the last ``new`` of them are the new tokens'.
        value: As ``key``.
        attention_mask: Unused; what is padded stands in :class:`Shared`.
        scaling: Factor on the scores; one over the root of d where not given.
        softcap: Soft upper bound of the scores (Gemma 2).

    Returns:
        Shape ``[n, new, heads, d]``, and no attention weights.
    """
    seen = _attend(module.layer_idx, query, key, value, scaling or query.shape[-1] ** -0.5, softcap)
    return seen.transpose(1, 2).contiguous(), None


def _attend(
    layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, softcap: float | None = None
) -> Tensor:
    shared = _shared.get()
    keys, values = shared.keys_values[layer]
    n, heads, new, d = query.shape
    kv_heads, own = key.shape[1], key.shape[2]
    grouped = (query * scaling).reshape(n, kv_heads, -1, d)
    scores = torch.cat([_of_questions(grouped, keys.mT.to(query)), grouped @ key.mT], dim=-1)
    if softcap is not None:
        scores = (scores / softcap).tanh() * softcap
    unseen = _unseen(shared, n, new, own, scores)
    if unseen is not None:
        scores = scores + unseen.repeat(1, 1, heads // kv_heads, 1)
    weights = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
    out = _of_questions(weights[..., :-own], values) + weights[..., -own:] @ value
    return out.reshape(n, heads, new, -1)


def _unseen(shared: Shared, n: int, new: int, own: int, like: Tensor) -> Tensor | None:
    """Added to the scores: minus infinity at tokens that a new token does not see, ``[n, 1, new, tokens]``."""
    if shared.own is not None:
        absent = torch.zeros_like(shared.own, dtype=like.dtype).masked_fill(shared.own == 0, -torch.inf)
        return pad(absent, (like.shape[-1] - own, 0))[:, None, None]
    if shared.padding is None and new == 1:
        return None
    later = torch.full((new, own), -torch.inf, dtype=like.dtype, device=like.device).triu(own - new + 1)
    padding = like.new_zeros(1, like.shape[-1] - own) if shared.padding is None else shared.padding.to(like)
    each = torch.cat([padding[:, None].expand(-1, new, -1), later.expand(len(padding), -1, -1)], dim=-1)
    return each.repeat_interleave(n // len(each), dim=0)[:, None] if len(each) > 1 else each[:, None]


def _padded(parts: Sequence[Tensor]) -> Tensor:
    """Tensors ``[1, kv_heads, tokens, d]`` of unlike lengths as one, padded with zeros."""
    longest = max(part.shape[2] for part in parts)
    return torch.cat([pad(part, (0, 0, 0, longest - part.shape[2])) for part in parts])


def _of_questions(rows: Tensor, matrices: Tensor) -> Tensor:
    """Product of rows ``[n, kv_heads, q, a]`` with the matrices of their questions, ``[questions, kv_heads, a, b]``."""
    n, kv_heads, queries, width = rows.shape
    questions, _, _, out = matrices.shape
    together = rows.reshape(questions, -1, kv_heads, queries, width).transpose(1, 2)
    product = together.reshape(questions, kv_heads, -1, width) @ matrices
    return product.reshape(questions, kv_heads, -1, queries, out).transpose(1, 2).reshape(n, kv_heads, queries, out)


AttentionInterface.register(NAME, attention)
