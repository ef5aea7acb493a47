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
from personaspace.steer.forward.shared_prefix import PrivateCache, Shared, length_of, shared_questions
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
        read = [self._read(continuation) for continuation in continuations]
        own = [continuation.mask()[:, self.begin :] for continuation in continuations]
        self.mask = torch.cat([_padded(mask[..., None], longest - self.begin)[..., 0] for mask in own])
        self.logits = torch.cat([logits for logits, _ in read])
        layers = zip(*(cache.layers for _, cache in read), strict=True)
        self.cache = self._cache(
            [
                tuple(
                    torch.cat([_padded(getattr(at, of), longest - self.begin) for at in layer])
                    for of in ("keys", "values")
                )
                for layer in layers
            ]
        )

    @torch.no_grad()
    def step(self, tokens: Tensor) -> None:
        """Read the next token of every text, shape ``[texts]``."""
        self.mask = functional.pad(self.mask, (0, 1), value=1)
        positions = self.begin + self.mask.sum(1, keepdim=True) - 1
        more: dict[str, Any] = {} if self.mask.all() else {"position_ids": positions}
        self.logits = self._forward(self.cache, self.mask, input_ids=tokens[:, None], **more)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the texts, in this order."""
        kept = torch.tensor(rows, dtype=torch.long, device=self.mask.device)
        self.mask, self.logits = self.mask[kept], self.logits[kept]
        self.cache.batch_select_indices(kept)

    @torch.no_grad()
    def _read(self, continuation: Continuation) -> tuple[Tensor, Any]:
        if self.shared:
            cache = self._cache(continuation.prefix)
            return self._forward(cache, None, inputs_embeds=continuation.embeddings), cache
        cache = continuation.cache()
        return self._forward(cache, continuation.mask(), inputs_embeds=continuation.embeddings), cache

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
