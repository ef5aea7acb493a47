"""The frozen model's pass over what is left to read, for one question or several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from personaspace.steer.attach import Attachment, Continuation, attach
from personaspace.steer.language_model import LanguageModel, Reading
from personaspace.steer.last_position import last_position
from personaspace.steer.patched_attention import can_be_patched
from personaspace.steer.recompute import recomputed
from personaspace.steer.shared_attention import KeysValues, PrivateCache, Shared, length_of, shared_questions

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
    model: LanguageModel, readings: Sequence[Reading], virtual: Sequence[Tensor], attachment: Attachment
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


def rows_a_pass(model: LanguageModel, attachment: Attachment, tokens: int, most: int) -> int:
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
