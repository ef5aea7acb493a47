"""Decoding: the next-token logits of a frozen model for a batch of growing texts."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache

from personaspace.steer.forward.attach import Continuation
from personaspace.steer.model.language_model import LanguageModel


class Decoding:
    """A batch of texts that a model reads token by token.

    Prompts differ in length: shorter rows are padded on the left, masked, and keep their own positions, so that every
    text continues as it would alone.

    Args:
        model: The frozen model.
        continuations: The beginning of the texts, one or more texts per prompt.

    Attributes:
        logits: Of the next token, shape ``[texts, vocabulary]``.
    """

    def __init__(self, model: LanguageModel, continuations: Sequence[Continuation]) -> None:
        self.model = model
        self.accepted = set(inspect.signature(model.model.forward).parameters)
        read = [self._read(continuation) for continuation in continuations]
        longest = max(continuation.mask().shape[1] for continuation in continuations)
        self.mask = torch.cat([_padded(c.mask()[..., None], longest)[..., 0] for c in continuations])
        self.logits = torch.cat([logits for logits, _ in read])
        layers = zip(*(cache.layers for _, cache in read), strict=True)
        self.cache = DynamicCache(
            [
                tuple(torch.cat([_padded(getattr(at, of), longest) for at in layer]) for of in ("keys", "values"))
                for layer in layers
            ]
        )

    @torch.no_grad()
    def step(self, tokens: Tensor) -> None:
        """Read the next token of every text, shape ``[texts]``."""
        self.mask = functional.pad(self.mask, (0, 1), value=1)
        positions = self.mask.sum(1, keepdim=True) - 1
        more: dict[str, Any] = {} if self.mask.all() else {"position_ids": positions}
        self.logits = self._forward(self.cache, self.mask, input_ids=tokens[:, None], **more)

    @torch.no_grad()
    def _read(self, continuation: Continuation) -> tuple[Tensor, Any]:
        cache = continuation.cache()
        return self._forward(cache, continuation.mask(), inputs_embeds=continuation.embeddings), cache

    def _forward(self, cache: Any, mask: Tensor, **inputs: Any) -> Tensor:
        inputs = {name: value for name, value in {**inputs, "logits_to_keep": 1}.items() if name in self.accepted}
        out = self.model.model(past_key_values=cache, attention_mask=mask, use_cache=True, **inputs)
        logits: Tensor = out.logits[:, -1]
        return logits


def _padded(rows: Tensor, length: int) -> Tensor:
    """Rows ``[..., tokens, width]`` with zeros before them, up to a length."""
    return functional.pad(rows, (0, 0, length - rows.shape[-2], 0))
