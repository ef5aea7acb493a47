"""Spoken: one text as it grows, token by token, and what of it can be said already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

BROKEN = "\N{REPLACEMENT CHARACTER}"


class IncrementalDetokenizer:
    """One text as it grows.

    What may still change is held back: characters of which only some bytes are there, space that may turn out to be
    the end, and what may become a stop string. What was said is never taken back.

    Args:
        tokenizer: Turns tokens into text.
        ends: Tokens that end the text.
        stops: Strings that end the text.

    Attributes:
        text: What was said so far.
        done: Whether the text has ended.
    """

    def __init__(self, tokenizer: Any, ends: Collection[int], stops: Sequence[str]) -> None:
        self.tokenizer, self.ends, self.stops = tokenizer, ends, stops
        self.tokens: list[int] = []
        self.text = ""
        self.done = False

    def add(self, token: int) -> str:
        """Take the next token; returns what can be said now."""
        if token in self.ends:
            return self.finish()
        self.tokens.append(token)
        text = self._decoded()
        found = [at for at in map(text.find, self.stops) if at >= 0]
        if found:
            self.done = True
            return self._say(text[: min(found)])
        return self._say(_settled(text.rstrip(BROKEN), self.stops))

    def finish(self) -> str:
        """End the text; returns what had been held back."""
        self.done = True
        return self._say(self._decoded())

    def _decoded(self) -> str:
        text: str = self.tokenizer.decode(self.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.lstrip()

    def _say(self, text: str) -> str:
        text = text.rstrip()
        if not text.startswith(self.text):
            return ""
        piece, self.text = text[len(self.text) :], text
        return piece


def _settled(text: str, stops: Sequence[str]) -> str:
    """The text without an end that may be the beginning of a stop string."""
    for length in range(max(map(len, stops), default=1) - 1, 0, -1):
        if any(len(stop) > length and text.endswith(stop[:length]) for stop in stops):
            return text[:-length]
    return text
