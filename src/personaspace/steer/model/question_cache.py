"""The key-value cache of a question, computed once by the frozen model and used for all personas."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from personaspace.errors import ModelError, shown
from personaspace.steer.forward.shared_prefix import KeysValues, length_of
from personaspace.steer.memory import whole_memory
from personaspace.steer.model.output import body

LEAST = 2**30
SHARE = 8


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
        ModelError: The model caches something else than keys and values, or in a cache of its own.
    """
    cache: Any = DynamicCache()
    try:
        out = body(model)(ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _other_cache(name) from error
    keys_values = [(getattr(layer, "keys", None), getattr(layer, "values", None)) for layer in cache.layers]
    if not keys_values or not all(_of_tokens(part, ids.shape[1]) for pair in keys_values for part in pair):
        raise _other_cache(name)
    states = out.hidden_states
    features = torch.cat([states[-1][0, -1], states[len(states) // 2][0].mean(0)]).float()
    return CachedQuestion(ids, keys_values, features)  # type: ignore[arg-type]


def read_on(body: Any, past: KeysValues, ids: Tensor) -> KeysValues:
    """Read token ids ``[1, tokens]`` after others; keys and values of all of them, ``past`` left as it was.

    Args:
        body: A causal language model without its output layer.
        past: Per layer keys and values of what was read before; empty if nothing was.
        ids: Shape ``[1, tokens]``.
    """
    cache: Any = DynamicCache(past or None)
    seen = torch.ones(1, length_of(past) + ids.shape[1], dtype=torch.long, device=ids.device)
    body(ids, past_key_values=cache, attention_mask=seen, use_cache=True)
    return [(layer.keys, layer.values) for layer in cache.layers]


def _of_tokens(part: Any, tokens: int) -> bool:
    """Whether these are keys or values of so many tokens, ``[1, kv_heads, tokens, width]``."""
    return isinstance(part, Tensor) and part.ndim == 4 and (part.shape[0], part.shape[2]) == (1, tokens)


def _other_cache(name: str) -> ModelError:
    return ModelError(f"model {shown(name)} has layers without keys and values: choose a model with attention only")


def most_bytes(device: torch.device) -> int:
    """Bytes of keys and values that are kept on a device: an eighth of its memory, at least a gigabyte."""
    return max(LEAST, (whole_memory(device) or 0) // SHARE)


class QuestionCache:
    """Least-recently-used cache of questions by their text, bounded by the memory of their keys and values.

    Training asks questions in random order: where a cache holds only some of them, the others are read again and again,
    which takes nearly as long as the training itself.

    The question kept last stays, however large it is.

    Args:
        most: Bytes, at most.
    """

    def __init__(self, most: int) -> None:
        self.most, self.nbytes = most, 0
        self._kept: OrderedDict[str, CachedQuestion] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, text: str) -> CachedQuestion | None:
        """The question of this text, if it is kept."""
        if text in self._kept:
            self._kept.move_to_end(text)
        return self._kept.get(text)

    def keep(self, text: str, question: CachedQuestion) -> None:
        """Keep one more question, in place of those that were not used for longest."""
        self._kept[text] = question
        self.nbytes += question.nbytes
        while self.nbytes > self.most and len(self._kept) > 1:
            self.nbytes -= self._kept.popitem(last=False)[1].nbytes
