"""Decoding: the next-token logits of a frozen model for a batch of growing texts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache

from personaspace.steer.forward.attach import Continuation
from personaspace.steer.forward.forward import shares
from personaspace.steer.forward.shared_prefix import KeysValues, PrivateCache, Shared, length_of, shared_questions
from personaspace.steer.model.language_model import LanguageModel


class Decoding:
    """A batch of texts that a model reads token by token.

    Texts that all begin with one question share its keys and values, where the model's attention allows it; elsewhere
    each has a copy. Prompts differ in length: shorter rows are padded on the left, masked, and keep their own
    positions, so that every text continues as it would alone.

    Args:
        model: The frozen model.
        continuations: The beginning of the texts, one or more texts per prompt.

    Attributes:
        logits: Of the next token, shape ``[texts, vocabulary]``.
    """

    def __init__(self, model: LanguageModel, continuations: Sequence[Continuation]) -> None:
        self.model = model
        self.accepted = set(inspect.signature(model.model.forward).parameters)
        question = continuations[0].question
        common = bool(question) and all(continuation.question is question for continuation in continuations)
        longest = max(continuation.length for continuation in continuations)
        self.shared = Shared(question) if common and model.window is None and shares(model, longest) else None
        self.begin = length_of(question) if self.shared else 0
        own = [self._own(continuation) for continuation in continuations]
        caches = [self._read(continuation) for continuation in own]
        before_last = longest - self.begin - 1
        masks = [_padded(continuation.mask()[:, :-1, None], before_last) for continuation in own]
        self.mask = torch.cat(masks)[..., 0]
        self.cache = self._cache(
            [
                tuple(torch.cat([_padded(layer[part], before_last) for layer in layers]) for part in (0, 1))
                for layers in zip(*caches, strict=True)
            ]
        )
        self._go_on(inputs_embeds=torch.cat([continuation.embeddings[:, -1:] for continuation in continuations]))

    def step(self, tokens: Tensor) -> None:
        """Read the next token of every text, shape ``[texts]``."""
        self._go_on(input_ids=tokens[:, None])

    @torch.no_grad()
    def _go_on(self, **token: Tensor) -> None:
        self.mask = functional.pad(self.mask, (0, 1), value=1)
        positions = self.begin + self.mask.sum(1, keepdim=True) - 1
        more: dict[str, Any] = {} if self.mask.all() else {"position_ids": positions}
        self.logits = self._forward(self.cache, self.mask, **token, **more)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the texts, in this order."""
        kept = torch.tensor(rows, dtype=torch.long, device=self.mask.device)
        self.mask, self.logits = self.mask[kept], self.logits[kept]
        self.cache.batch_select_indices(kept)

    def _own(self, continuation: Continuation) -> Continuation:
        """What a text has of its own: all of it, but for a question that is shared."""
        if not self.shared:
            return continuation
        return replace(continuation, question=[(k[:, :, :0], v[:, :, :0]) for k, v in continuation.question])

    @torch.no_grad()
    def _read(self, continuation: Continuation) -> KeysValues:
        """Keys and values of all but the last token."""
        read, before_last = continuation.keys_values(), continuation.embeddings[:, :-1]
        if not before_last.shape[1]:
            return read
        cache = self._cache(read or None)
        self._forward(cache, None if self.shared else continuation.mask()[:, :-1], inputs_embeds=before_last)
        return [(layer.keys, layer.values) for layer in cache.layers]

    def _cache(self, keys_values: Any) -> Any:
        return PrivateCache(keys_values, self.begin) if self.shared else DynamicCache(keys_values)

    def _forward(self, cache: Any, mask: Tensor | None, **inputs: Any) -> Tensor:
        inputs = {name: value for name, value in {**inputs, "logits_to_keep": 1}.items() if name in self.accepted}
        if self.shared:
            with shared_questions(self.model.model, replace(self.shared, own=mask)):
                out = self.model.model(past_key_values=cache, use_cache=True, **inputs)
        else:
            out = self.model.model(past_key_values=cache, attention_mask=mask, use_cache=True, **inputs)
        logits: Tensor = out.logits[:, -1]
        return logits


def _padded(rows: Tensor, length: int) -> Tensor:
    """Rows ``[..., tokens, width]`` with zeros before them, up to a length."""
    return functional.pad(rows, (0, 0, length - rows.shape[-2], 0))
