r"""Virtual tokens into the forward pass of a frozen model: two placements, two forms.

Let Q be the question, C the answer cue, V the virtual tokens of one persona.

* *before*: the model reads V, then Q, then C. Every persona pays for the whole question.
* *after*: the model reads Q once for all personas; each persona's pass is V, then C only, on the cached keys and
  values of Q. Attention is causal, so Q is the same for everybody and the cache is exact.

In *prompt form* (arXiv 2104.08691) V is a row of input embeddings that passes through all layers; in *prefix form*
(arXiv 2101.00190) V is given as a key and a value for every layer. Either way V fills as many positions as it has
tokens, as in PEFT, and stands directly before the text that is still to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from transformers import DynamicCache

from personaspace.errors import SettingError, unknown
from personaspace.steer.language_model import KeysValues, LanguageModel, Reading

Placement = Literal["before", "after"]
Form = Literal["prefix", "prompt"]


@dataclass(frozen=True)
class Attachment:
    """Where virtual tokens stand and what they are made of.

    Attributes:
        placement: ``before`` or ``after`` the question.
        form: ``prefix`` (keys and values of every layer) or ``prompt`` (input embeddings).
        tokens: How many virtual tokens.

    Raises:
        SettingError: A setting is outside what is allowed.
    """

    placement: Placement = "after"
    form: Form = "prompt"
    tokens: int = 2

    def __post_init__(self) -> None:
        if self.placement not in get_args(Placement):
            raise unknown("placement", self.placement, get_args(Placement))
        if self.form not in get_args(Form):
            raise unknown("form", self.form, get_args(Form))
        if not 1 <= self.tokens <= 64:
            raise SettingError(f"{self.tokens} virtual tokens asked for: choose 1 to 64")

    def shape(self, model: LanguageModel) -> tuple[int, ...]:
        """Shape of one persona's virtual tokens for a model.

        Returns:
            ``[tokens, width]`` in prompt form, ``[tokens, layers, 2, kv_heads, head_dim]`` in prefix form.
        """
        if self.form == "prompt":
            return (self.tokens, model.width)
        layers, heads, head_dim = model.cache_shape
        return (self.tokens, layers, 2, heads, head_dim)


@dataclass(frozen=True)
class Continuation:
    """What is left to read for ``n`` personas, and what has been read already.

    Attributes:
        past: Keys and values per layer, each ``[n, kv_heads, past tokens, head_dim]``; empty if nothing was read.
        embeddings: Input embeddings still to be read, ``[n, tokens, width]``.
    """

    past: KeysValues
    embeddings: Tensor

    @property
    def past_length(self) -> int:
        """Tokens that have been read already."""
        return self.past[0][0].shape[2] if self.past else 0

    def cache(self) -> DynamicCache:
        """A fresh cache: a forward pass changes the one it is given."""
        return DynamicCache(self.past) if self.past else DynamicCache()

    def mask(self) -> Tensor:
        """Attention mask over past and new tokens, ``[n, past + new tokens]``."""
        n, new, _ = self.embeddings.shape
        return torch.ones(n, self.past_length + new, dtype=torch.long, device=self.embeddings.device)

    def padded_embeddings(self) -> Tensor:
        """Embeddings with empty places for what lies in the cache, as ``generate`` wants them."""
        n, _, width = self.embeddings.shape
        return torch.cat([self.embeddings.new_zeros(n, self.past_length, width), self.embeddings], dim=1)


def attach(model: LanguageModel, reading: Reading, virtual: Tensor, attachment: Attachment) -> Continuation:
    """Put every persona's virtual tokens beside one question.

    Args:
        model: The frozen model.
        reading: The question as the model read it.
        virtual: Shape ``[n, *attachment.shape(model)]``.
        attachment: Placement and form.

    Returns:
        What is to be passed to the model.
    """
    n = len(virtual)
    ids = model.cue if attachment.placement == "after" else torch.cat([reading.ids, model.cue], dim=1)
    text = model.embedding(ids).expand(n, -1, -1)
    question = _shared(reading.keys_values, n) if attachment.placement == "after" else []
    if attachment.form == "prompt":
        return Continuation(question, torch.cat([virtual, text], dim=1))
    return Continuation(_joined(question, _per_layer(virtual)), text)


def hidden_after_cue(model: LanguageModel, continuation: Continuation) -> Tensor:
    """Final hidden state of the frozen model behind the cue, shape ``[n, width]``, with gradient to the tokens."""
    out = model.model.base_model(
        inputs_embeds=continuation.embeddings,
        past_key_values=continuation.cache(),
        attention_mask=continuation.mask(),
        use_cache=True,
    )
    return out.last_hidden_state[:, -1]  # type: ignore[no-any-return]


def _shared(keys_values: KeysValues, n: int) -> KeysValues:
    return [(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in keys_values]


def _per_layer(virtual: Tensor) -> KeysValues:
    layers = virtual.permute(2, 3, 0, 4, 1, 5)
    return [(keys, values) for keys, values in layers]


def _joined(first: KeysValues, second: KeysValues) -> KeysValues:
    if not first:
        return second
    return [
        (torch.cat([k1, k2], dim=2), torch.cat([v1, v2], dim=2))
        for (k1, v1), (k2, v2) in zip(first, second, strict=True)
    ]
