"""Incremental detokenizer: the text of a growing sequence of tokens, piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

BROKEN = "\N{REPLACEMENT CHARACTER}"


class IncrementalDetokenizer:
    """Incremental detokenizer of one growing text.

    Text that may still change is held back: characters of which some bytes are missing, space at the end, and the
    beginning of a stop string. Text once returned is final.

    Args:
        tokenizer: Turns tokens into text.
        ends: Tokens that end the text; they are not part of it.
        stops: Strings that end the text; they are not part of it.

    Attributes:
        text: All text returned so far.
        done: Whether the text has ended.
    """

    def __init__(self, tokenizer: Any, ends: Collection[int], stops: Sequence[str]) -> None:
        self.tokenizer, self.ends, self.stops = tokenizer, ends, stops
        self.tokens: list[int] = []
        self.text = ""
        self.done = False

    def add(self, token: int) -> str:
        """Add the next token; returns the text that is final now."""
        if token in self.ends:
            return self.finish()
        self.tokens.append(token)
        text = self._decoded()
        found = [at for at in map(text.find, self.stops) if at >= 0]
        if found:
            self.done = True
            return self._piece(text[: min(found)])
        return self._piece(_settled(text.rstrip(BROKEN), self.stops))

    def finish(self) -> str:
        """End the text; returns the text that was held back."""
        self.done = True
        return self._piece(self._decoded())

    def _decoded(self) -> str:
        text: str = self.tokenizer.decode(self.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.lstrip()

    def _piece(self, text: str) -> str:
        text = text.rstrip()
        if not text.startswith(self.text):
            return ""
        piece, self.text = text[len(self.text) :], text
        return piece


def _settled(text: str, stops: Sequence[str]) -> str:
    """The text without an ending that may be the beginning of a stop string."""
    for length in range(max(map(len, stops), default=1) - 1, 0, -1):
        if any(len(stop) > length and text.endswith(stop[:length]) for stop in stops):
            return text[:-length]
    return text
