"""The key-value cache of a question, computed once by the frozen model and used for all personas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from personaspace.errors import ModelError
from personaspace.steer.forward.shared_prefix import KeysValues

CACHE_BYTES = 2**30


@dataclass(frozen=True)
class CachedQuestion:
    """A question as the frozen model read it: token ids, keys and values, and features of it.

    Attributes:
        ids: Token ids of the question and of the answer cue but its last token, shape ``[1, tokens]``.
        keys_values: Per layer the keys and values, each ``[1, kv_heads, tokens, head_dim]``.
        features: Input of a question-aware soft-prompting model, shape ``[2 * width]``: the final hidden state at the
            last position, and the mean over positions of the middle layer.
    """

    ids: Tensor
    keys_values: KeysValues
    features: Tensor

    @cached_property
    def nbytes(self) -> int:
        """Memory of the keys and values."""
        return sum(tensor.nbytes for pair in self.keys_values for tensor in pair)


@torch.no_grad()
def read_once(model: Any, ids: Tensor, name: str) -> CachedQuestion:
    """Read token ids of shape ``[1, tokens]``, every layer's keys and values kept whole.

    Raises:
        ModelError: The model caches something else than keys and values.
    """
    cache: Any = DynamicCache()
    out = model.base_model(ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
    keys_values = [(getattr(layer, "keys", None), getattr(layer, "values", None)) for layer in cache.layers]
    if not keys_values or any(keys is None or values is None for keys, values in keys_values):
        raise ModelError(f"model {name!r} has layers without keys and values: choose a model with attention only")
    states = out.hidden_states
    features = torch.cat([states[-1][0, -1], states[len(states) // 2][0].mean(0)]).float()
    return CachedQuestion(ids, keys_values, features)  # type: ignore[arg-type]


class QuestionCache(dict[str, CachedQuestion]):
    """Cached questions by their text, kept while all of them fit in a gigabyte."""

    def keep(self, text: str, question: CachedQuestion) -> None:
        """Keep one more question if it fits."""
        if sum(other.nbytes for other in self.values()) + question.nbytes <= CACHE_BYTES:
            self[text] = question
