"""The frozen model's pass over what is left to read, for one question or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint
from transformers import DynamicCache
from transformers.modeling_layers import GradientCheckpointingLayer

from personaspace.steer.forward.attach import Attachment, Continuation, attach
from personaspace.steer.forward.patched_attention import can_be_patched
from personaspace.steer.forward.shared_prefix import KeysValues, PrivateCache, Shared, length_of, shared_questions
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import CachedQuestion

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


COPIES = 64
"""Personas a pass at the most where each has a copy of the question: more take memory and time."""


def hidden_after_cue(model: LanguageModel, continuation: Continuation) -> Tensor:
    """Final hidden state of the frozen model behind the cue, shape ``[n, width]``, with gradient to the tokens.

    A question already read is shared by the batch where the model's attention allows it, and copied where not.
    """
    if continuation.question and shares(model, continuation.length):
        return _shared_pass(model, continuation, [continuation.question])
    return _plain_pass(model, continuation)


def hidden_after_cues(
    model: LanguageModel, readings: Sequence[CachedQuestion], virtual: Sequence[Tensor], attachment: Attachment
) -> list[Tensor]:
    """As :func:`hidden_after_cue` for the personas of several questions, in one pass where their questions are shared.

    Args:
        model: The frozen model.
        readings: One or more questions.
        virtual: The virtual tokens of each question's personas, ``[n, *attachment.shape(model)]``.
        attachment: Placement and form.

    Returns:
        One tensor ``[n, width]`` a question.
    """
    longest = max(readings, key=lambda reading: reading.ids.shape[1])
    if not shares_questions(model, attachment, longest.ids.shape[1]):
        return [
            hidden_after_cue(model, attach(model, reading, own, attachment))
            for reading, own in zip(readings, virtual, strict=True)
        ]
    most = max(map(len, virtual))
    rows = torch.cat([pad(own, (0, 0) * (own.ndim - 1) + (0, most - len(own))) for own in virtual])
    together = attach(model, longest, rows, attachment)
    hidden = _shared_pass(model, together, [reading.keys_values for reading in readings])
    return [part[: len(own)] for part, own in zip(torch.split(hidden, most), virtual, strict=True)]


def shares(model: LanguageModel, length: int) -> bool:
    """Whether a model's attention can be shared by so many tokens.

    Not beyond the window of a layer; otherwise tried once on a small input and compared with the plain pass, up to the
    rounding of the model's precision.
    """
    if model.window is not None and length > model.window:
        return False
    if model.shares is None:
        pluggable = getattr(model.model, "_supports_attention_backend", False) or can_be_patched(model.model)
        model.shares = pluggable and _sharing_agrees(model)
    return model.shares


def rows_per_pass(model: LanguageModel, attachment: Attachment, tokens: int, most: int) -> int:
    """How many personas may go through the model together: fewer where each has a copy of the question.

    Args:
        model: The frozen model.
        attachment: Placement and form.
        tokens: Of the longest question.
        most: Where the question is shared.
    """
    return most if shares_questions(model, attachment, tokens) else min(most, COPIES)


def shares_questions(model: LanguageModel, attachment: Attachment, tokens: int) -> bool:
    """Whether the personas share questions of up to so many tokens: these are read already, and can be shared."""
    return attachment.placement == "after" and shares(model, tokens + attachment.tokens + 1)


def _plain_pass(model: LanguageModel, continuation: Continuation) -> Tensor:
    if model.settings.recompute and not continuation.past_length:
        with recomputed(model.model):
            embeddings = continuation.embeddings
            whole: Tensor = model.model.base_model(inputs_embeds=embeddings, use_cache=False).last_hidden_state
        return whole[:, -1]
    layers, _, _ = model.cache_shape
    read = continuation.keys_values()
    return last_position(model.model.base_model, continuation.embeddings, read, continuation.mask(), layers)


def _shared_pass(model: LanguageModel, continuation: Continuation, questions: Sequence[KeysValues]) -> Tensor:
    """One pass over as many rows for each question; the continuation is that of the longest."""
    n, new, _ = continuation.embeddings.shape
    lengths = torch.tensor([length_of(question) for question in questions], device=model.device)
    begin = lengths.repeat_interleave(n // len(questions)) + length_of(continuation.prefix)
    shared = Shared.stacked(questions)
    with shared_questions(model.model, shared):
        hidden: Tensor = model.model.base_model(
            inputs_embeds=continuation.embeddings,
            position_ids=begin[:, None] + torch.arange(new, device=model.device),
            past_key_values=PrivateCache(continuation.prefix, int(lengths.max())),
            use_cache=True,
        ).last_hidden_state
    return hidden[:, -1]


@torch.no_grad()
def _sharing_agrees(model: LanguageModel) -> bool:
    way = Attachment("after", "prompt", 2)
    generator = torch.Generator().manual_seed(0)
    virtual = torch.randn(2, *way.shape(model), generator=generator).to(model.device) * model.embedding.weight.std()
    readings = [model.read_ids(model.cue.repeat(1, times)) for times in (2, 1)]
    continuations = [attach(model, reading, own[None], way) for reading, own in zip(readings, virtual, strict=True)]
    together = attach(model, readings[0], virtual, way)
    try:
        shared = _shared_pass(model, together, [reading.keys_values for reading in readings])
    except TypeError:
        return False
    plain = torch.cat([_plain_pass(model, continuation) for continuation in continuations])
    precision = plain.dtype if model.settings.quantize == "none" else torch.bfloat16
    rounding = max(1e-4, 4 * torch.finfo(precision).eps)
    return bool((shared - plain).float().norm() <= rounding * plain.float().norm())
