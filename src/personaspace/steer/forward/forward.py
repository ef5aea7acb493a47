"""The frozen model's forward pass over virtual tokens and text, without work that can be shared or left out.

* A question that was read before is shared by all rows of a batch, and several questions share one pass, where the
  model's attention allows it (:mod:`personaspace.steer.forward.shared_prefix`); elsewhere it is copied.
* Of the last layer only the last position is computed, where trying it on a small input gives the same states.
* On request the activations are not kept but computed again in the backward pass (arXiv 1604.06174).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint
from transformers import DynamicCache
from transformers.modeling_layers import GradientCheckpointingLayer

from personaspace.steer.forward.attach import Attachment, Continuation, Placement, attach
from personaspace.steer.forward.last_layer import EndingCache, last_position_only
from personaspace.steer.forward.patched_attention import can_be_patched
from personaspace.steer.forward.shared_prefix import PrivateCache, Shared, length_of, shared_questions
from personaspace.steer.model.language_model import LanguageModel

WORTHWHILE = 8
"""New tokens from which on the last layer is computed for the last of them alone."""


def hidden_after_cue(model: LanguageModel, continuation: Continuation) -> Tensor:
    """Final hidden state of the frozen model at the cue, shape ``[n, width]``, with gradient to the virtual tokens."""
    if continuation.question and shares(model, continuation.length):
        return _shared_pass(model, [continuation])
    return _plain_pass(model, continuation)


def hidden_after_cues(model: LanguageModel, continuations: Sequence[Continuation]) -> list[Tensor]:
    """Final hidden states at the cue for several questions, in one pass where these can be shared.

    Args:
        model: The frozen model.
        continuations: One or more, of as many new tokens each.

    Returns:
        One tensor ``[n, width]`` per continuation.
    """
    longest = max(continuations, key=lambda continuation: continuation.length)
    if not (longest.question and shares(model, longest.length)):
        return [hidden_after_cue(model, continuation) for continuation in continuations]
    hidden = _shared_pass(model, continuations)
    sizes = [len(continuation.embeddings) for continuation in continuations]
    return [part[:size] for part, size in zip(torch.split(hidden, max(sizes)), sizes, strict=True)]


def hidden_of_text(model: LanguageModel, continuation: Continuation, tokens: int) -> Tensor:
    """Final hidden states of the frozen model at the last tokens of a text, with gradient to the virtual tokens.

    Args:
        model: The frozen model.
        continuation: Virtual tokens, cue and text of ``n`` personas.
        tokens: The positions wanted, counted from the end.

    Returns:
        Shape ``[n, tokens, width]``.
    """
    if continuation.question and shares(model, continuation.length):
        return _shared_states(model, [continuation])[:, -tokens:]
    return _plain_states(model, continuation)[:, -tokens:]


def shares(model: LanguageModel, length: int) -> bool:
    """Whether a model's attention can share a question when it reads so many tokens in all.

    It cannot beyond the window of a layer. Otherwise sharing is tried once on a small input and compared with the plain
    pass, up to the rounding of the model's precision.
    """
    if model.window is not None and length > model.window:
        return False
    if model.shares is None:
        pluggable = getattr(model.model, "_supports_attention_backend", False) or can_be_patched(model.model)
        model.shares = pluggable and _sharing_agrees(model)
    return model.shares


def _shared_pass(model: LanguageModel, continuations: Sequence[Continuation]) -> Tensor:
    """Final hidden state at the last position of one pass, shape ``[rows, width]``."""
    return _shared_states(model, continuations)[:, -1]


def _shared_states(model: LanguageModel, continuations: Sequence[Continuation]) -> Tensor:
    """One pass with as many rows for each question: those of the largest continuation, to which others are padded."""
    questions = [continuation.question for continuation in continuations]
    embeddings = _padded([continuation.embeddings for continuation in continuations])
    prefix = [
        (_padded([layer[0] for layer in layers]), _padded([layer[1] for layer in layers]))
        for layers in zip(*(continuation.prefix for continuation in continuations), strict=True)
    ]
    lengths = torch.tensor([length_of(question) for question in questions], device=model.device)
    begin = lengths.repeat_interleave(len(embeddings) // len(questions)) + length_of(prefix)
    with shared_questions(model.model, Shared.stacked(questions)):
        hidden: Tensor = model.body(
            inputs_embeds=embeddings,
            position_ids=begin[:, None] + torch.arange(embeddings.shape[1], device=model.device),
            past_key_values=PrivateCache(prefix, int(lengths.max())),
            use_cache=True,
        ).last_hidden_state
    return hidden


def _padded(parts: Sequence[Tensor]) -> Tensor:
    """Tensors ``[n, ...]`` as one, each padded with rows of zeros to the longest."""
    if len(parts) == 1:
        return parts[0]
    most = max(map(len, parts))
    return torch.cat([pad(part, (0, 0) * (part.ndim - 1) + (0, most - len(part))) for part in parts])


def _plain_pass(model: LanguageModel, continuation: Continuation) -> Tensor:
    if _recomputes(model, continuation):
        return _plain_states(model, continuation)[:, -1]
    return _last_position(model, continuation)


def _recomputes(model: LanguageModel, continuation: Continuation) -> bool:
    return model.settings.recompute and not continuation.past_length


def _plain_states(model: LanguageModel, continuation: Continuation) -> Tensor:
    """Final hidden states at all positions of a pass that copies the question for every row."""
    if not _recomputes(model, continuation):
        return _states(model, continuation, continuation.cache())
    with recomputed(model.model):
        states: Tensor = model.body(inputs_embeds=continuation.embeddings, use_cache=False).last_hidden_state
    return states


@torch.no_grad()
def _sharing_agrees(model: LanguageModel) -> bool:
    attachment = Attachment("after", "prompt", 2)
    virtual = _random_tokens(model, attachment)
    questions = [model.read_ids(model.cue.repeat(1, times)) for times in (2, 1)]
    each = [attach(model, question, own[None], attachment) for question, own in zip(questions, virtual, strict=True)]
    try:
        shared = _shared_pass(model, each)
    except (TypeError, IndexError, RuntimeError):
        return False
    return _agree(model, shared, torch.cat([_plain_pass(model, continuation) for continuation in each]))


def _random_tokens(model: LanguageModel, attachment: Attachment) -> Tensor:
    """Virtual tokens of two personas to try a pass with."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, *attachment.shape(model), generator=generator).to(model.device) * model.embedding.weight.std()


def _agree(model: LanguageModel, states: Tensor, plain: Tensor) -> bool:
    """Whether two passes gave the same states up to the rounding of the model's precision."""
    precision = plain.dtype if model.settings.quantize == "none" else torch.bfloat16
    rounding = max(1e-4, 4 * torch.finfo(precision).eps)
    return bool((states - plain).float().norm() <= rounding * plain.float().norm())


def _last_position(model: LanguageModel, continuation: Continuation) -> Tensor:
    """Final hidden state at the last position, shape ``[n, width]``, without the last layer at the others."""
    if continuation.embeddings.shape[1] < WORTHWHILE or not _spares(model):
        return _states(model, continuation, continuation.cache())[:, -1]
    cache = EndingCache(continuation.keys_values())
    with last_position_only(model.model, cache):
        return _states(model, continuation, cache)[:, -1]


def _states(model: LanguageModel, continuation: Continuation, cache: DynamicCache) -> Tensor:
    hidden: Tensor = model.body(
        inputs_embeds=continuation.embeddings,
        past_key_values=cache,
        attention_mask=continuation.mask(),
        use_cache=True,
    ).last_hidden_state
    return hidden


def _spares(model: LanguageModel) -> bool:
    """Whether of a model's last layer the last position can be computed alone, found by trying."""
    if model.spares is None:
        model.spares = True
        model.spares = all(_sparing_agrees(model, placement) for placement in get_args(Placement))
    return model.spares


@torch.no_grad()
def _sparing_agrees(model: LanguageModel, placement: Placement) -> bool:
    attachment = Attachment(placement, "prompt", WORTHWHILE)
    continuation = attach(model, model.read_ids(model.cue), _random_tokens(model, attachment), attachment)
    try:
        spared = _last_position(model, continuation)
    except (TypeError, IndexError, RuntimeError):
        return False
    return _agree(model, spared, _states(model, continuation, continuation.cache())[:, -1])


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
