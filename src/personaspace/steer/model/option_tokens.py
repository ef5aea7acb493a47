"""Option labels as tokens: one token after the cue in most tokenizers, a short sequence in some."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from personaspace.errors import ModelError
from personaspace.steer.model.prompts import CUE, LABELS

Tokens = tuple[int, ...]


class OptionTokens:
    """Token ids of the answer cue and of the option labels after it.

    The cue is the common beginning of ``Answer: A``, ``Answer: B``, ...: where a tokenizer writes the space before the
    letter as a token of its own, that token belongs to the cue and labels still are one token each.

    Args:
        encode: Text to token ids, special tokens excluded.
        name: The model's name, for messages.

    Attributes:
        cue: Token ids of the cue.
        sequences: Token ids of labels after the cue, one or several per label.

    Raises:
        ModelError: The tokenizer cannot tell the labels apart.
    """

    def __init__(self, encode: Callable[[str], Sequence[int]], name: str) -> None:
        self.encode, self.name, self.warned = encode, name, False
        self.cue = _common_start([tuple(encode(f"{CUE} {label}")) for label in LABELS])
        if not self.cue:
            raise ModelError(f"the tokenizer of {name!r} does not write {CUE!r} the same way before every label")
        self.sequences = cache(self._sequences)

    def ids(self, labels: Sequence[str]) -> list[int]:
        """The token id of every label after the cue.

        Raises:
            ModelError: The tokenizer splits a label into several tokens.
        """
        sequences = self.sequences(labels)
        if any(len(ids) != 1 for ids in sequences):
            raise ModelError(f"the tokenizer of {self.name!r} writes some of {len(labels)} labels as several tokens")
        return [ids[0] for ids in sequences]

    def after_the_cue(self, text: str) -> Tokens:
        """Token ids of a text that answers: those which follow the cue."""
        whole, cue = tuple(self.encode(f"{CUE} {text}")), len(self.cue)
        return whole[cue:] if whole[:cue] == self.cue else tuple(self.encode(f" {text}"))

    def _sequences(self, shown: Sequence[str]) -> tuple[Tokens, ...]:
        found = tuple(self.after_the_cue(label) for label in shown)
        if not all(found) or len(set(found)) < len(found):
            raise ModelError(f"the tokenizer of {self.name!r} does not tell the labels {', '.join(shown)} apart")
        if not self.warned and any(len(ids) > 1 for ids in found):
            self.warned = True
            warnings.warn(
                f"the tokenizer of {self.name!r} writes some labels of {shown[0]} to {shown[-1]} as several tokens: "
                "options are scored by the probability of the whole label, which takes longer",
                stacklevel=2,
            )
        return found


def sequence_logits(sequences: Sequence[Tokens], log_probabilities: Callable[[Tokens], Tensor]) -> Tensor:
    """Log-probability of each label as a sequence of tokens.

    Args:
        sequences: Token ids of every label.
        log_probabilities: Log-probabilities ``[n, vocabulary]`` of the next token after the beginning of a label;
            called once per beginning.

    Returns:
        Shape ``[n, labels]``; of sequences of one token each, equal to the logits up to a constant per row.
    """
    after = cache(log_probabilities)
    columns = [torch.stack([after(ids[:i])[:, ids[i]] for i in range(len(ids))]).sum(0) for ids in sequences]
    return torch.stack(columns, dim=1)


def _common_start(sequences: Sequence[Tokens]) -> Tokens:
    first, last = min(sequences), max(sequences)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:length]
