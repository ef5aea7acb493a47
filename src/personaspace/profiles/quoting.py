"""Texts of a survey within English sentences: quoted on one line, listed, and shares in percent."""

from __future__ import annotations

from collections.abc import Iterable

HEAD, TAIL = 60, 90
"""Characters quoted of the beginning and of the end of a long question: surveys often put what differs last."""


def quoted(text: object, head: int = HEAD, tail: int = TAIL) -> str:
    """Survey text on one line, shortened in the middle, in quotation marks that do not occur in it."""
    line = " ".join(str(text).split())
    if len(line) > head + tail + 20:
        line = f"{line[:head].rsplit(' ', 1)[0]} … {line[-tail:].split(' ', 1)[-1]}"
    return "“" + line.replace("“", "'").replace("”", "'").replace('"', "'") + "”"


def listed(parts: Iterable[str], between: str = ", ") -> str:
    """Texts one after the other, with "and" before the last."""
    *first, last = parts
    return f"{between.join(first)}{between if between != ', ' else ' '}and {last}" if first else last


def percent(share: float) -> str:
    """A share in percent, with a decimal where it would else be 0% or 100% and is not."""
    value = 100 * share
    return f"{value:.0f}%" if 1 <= value <= 99 or value in (0, 100) else f"{value:.1f}%"
