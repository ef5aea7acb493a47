r"""Attaching virtual tokens to a question: before or after it, as input embeddings or as keys and values.

Let Q be the question with all of the answer cue but its last token C, V the virtual tokens of one persona.

* *before*: the model reads V, then Q, then C. The whole question is computed for every persona.
* *after*: the model reads Q once for all personas; each persona's pass is V, then C only, on the cached keys and
  values of Q. Attention is causal, so Q is the same for everybody and the cache is exact.

In *prompt form* (arXiv 2104.08691) V is a row of input embeddings that passes through all layers; in *prefix form*
(arXiv 2101.00190) V is given as a key and a value for every layer. Either way V fills as many positions as it has
tokens, as in PEFT, directly before the text that is still to be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor
from transformers import DynamicCache

from personaspace.checks import check_text, check_whole
from personaspace.errors import ModelError, SettingError, unknown
from personaspace.steer.forward.shared_prefix import KeysValues, length_of
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import CachedQuestion

Placement = Literal["before", "after"]
Form = Literal["prefix", "prompt"]


@dataclass(frozen=True)
class Attachment:
    """Placement and form of virtual tokens.

    Attributes:
        placement: ``before`` or ``after`` the question.
        form: ``prefix`` (keys and values of every layer) or ``prompt`` (input embeddings).
        tokens: How many virtual tokens.

    Raises:
        SettingError: A setting is outside what is allowed.
    """

    placement: Placement = "after"
    form: Form = "prefix"
    tokens: int = 2

    def __post_init__(self) -> None:
        if check_text("placement", self.placement) not in get_args(Placement):
            raise unknown("placement", self.placement, get_args(Placement))
        if check_text("form", self.form) not in get_args(Form):
            raise unknown("form", self.form, get_args(Form))
        check_whole("tokens (the number of virtual tokens)", self.tokens, 1, 64)

    def shape(self, model: LanguageModel) -> tuple[int, ...]:
        """Shape of one persona's virtual tokens for a model.

        Returns:
            ``[tokens, width]`` in prompt form, ``[tokens, layers, 2, kv_heads, head_dim]`` in prefix form.

        Raises:
            SettingError: The model is to recompute its activations, and there is a cache that this would drop.
        """
        if model.settings.recompute and (self.placement, self.form) != ("before", "prompt"):
            raise SettingError(
                f"recompute works with the prompt form before the question, not with {self.form} {self.placement} it: "
                "a layer that runs twice would lose the keys and values it is given"
            )
        if self.form == "prompt":
            return (self.tokens, model.width)
        layers, heads, head_dim = model.cache_shape
        return (self.tokens, layers, 2, heads, head_dim)


@dataclass(frozen=True)
class Continuation:
    """Input of a forward pass for ``n`` personas: what is still to be read, and keys and values of what was read.

    Attributes:
        question: Keys and values of the question per layer, each ``[1, kv_heads, tokens, head_dim]``, shared by all
            personas; empty if the question is still to be read.
        prefix: Each persona's own keys and values per layer, ``[n, kv_heads, tokens, head_dim]``; empty in prompt form.
        embeddings: Input embeddings still to be read, ``[n, tokens, width]``.
    """

    question: KeysValues
    prefix: KeysValues
    embeddings: Tensor

    @property
    def past_length(self) -> int:
        """Tokens that have been read already."""
        return length_of(self.question) + length_of(self.prefix)

    @property
    def length(self) -> int:
        """Tokens read already and still to be read."""
        return self.past_length + self.embeddings.shape[1]

    def then(self, embeddings: Tensor) -> Continuation:
        """The same followed by more input embeddings ``[1, tokens, width]``, the same for every persona."""
        more = embeddings.expand(len(self.embeddings), -1, -1)
        return replace(self, embeddings=torch.cat([self.embeddings, more], dim=1))

    def keys_values(self) -> KeysValues:
        """Keys and values of all that was read, per layer and persona; the question is expanded without a copy."""
        n = len(self.embeddings)
        question = [(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in self.question]
        return _joined(question, self.prefix)

    def cache(self) -> DynamicCache:
        """A fresh cache of all that was read: a forward pass changes the one it is given."""
        return DynamicCache(self.keys_values() or None)

    def mask(self) -> Tensor:
        """Attention mask over past and new tokens, ``[n, past + new tokens]``."""
        n = len(self.embeddings)
        return torch.ones(n, self.length, dtype=torch.long, device=self.embeddings.device)

    def padded_embeddings(self) -> Tensor:
        """Embeddings with empty places for what lies in the cache, as ``generate`` of ``transformers`` wants them."""
        n, _, width = self.embeddings.shape
        return torch.cat([self.embeddings.new_zeros(n, self.past_length, width), self.embeddings], dim=1)


def attach(
    model: LanguageModel, question: CachedQuestion, virtual: Tensor, attachment: Attachment, generated: int = 0
) -> Continuation:
    """Attach every persona's virtual tokens to one question.

    Args:
        model: The frozen model.
        question: The question as the model read it.
        virtual: Shape ``[n, *attachment.shape(model)]``.
        attachment: Placement and form.
        generated: Tokens that will be read after the cue.

    Returns:
        The input of a forward pass.

    Raises:
        ModelError: All of it is longer than the model's context, or a prefix would fall out of a layer's window.
    """
    after = attachment.placement == "after"
    cue = model.cue[:, -1:]
    ids = cue if after else torch.cat([question.ids, cue], dim=1)
    text = model.embedding(ids).expand(len(virtual), -1, -1)
    read = question.keys_values if after else []
    length = attachment.tokens + ids.shape[1] + generated
    model.check_length(question.ids.shape[1] * after + length)
    if attachment.form == "prompt":
        return Continuation(read, [], torch.cat([virtual.to(text.dtype), text], dim=1))
    _check_window(model, length)
    return Continuation(read, _per_layer(virtual.to(text.dtype)), text)


def check_question(model: LanguageModel, attachment: Attachment, text: str) -> None:
    """Raise :class:`ModelError` if a question leaves no room for virtual tokens, in the context or in a window."""
    length = model.check_fits(text).shape[1] + model.cue.shape[1] + attachment.tokens
    if (attachment.placement, attachment.form) == ("before", "prefix"):
        _check_window(model, length)


def _check_window(model: LanguageModel, length: int) -> None:
    if model.window is not None and length > model.window:
        raise ModelError(
            f"{model.name!r} has layers that see only the last {model.window} tokens, and the virtual tokens with what "
            f"is read after them take {length}: the prefix would be dropped there silently; place it after the "
            "question, shorten the question or the answer, or choose the prompt form"
        )


def _per_layer(virtual: Tensor) -> KeysValues:
    layers = virtual.permute(2, 3, 0, 4, 1, 5)
    return [(keys, values) for keys, values in layers]


def _joined(first: KeysValues, second: KeysValues) -> KeysValues:
    if not first or not second:
        return first or second
    return [
        (torch.cat([k1, k2], dim=2), torch.cat([v1, v2], dim=2))
        for (k1, v1), (k2, v2) in zip(first, second, strict=True)
    ]
