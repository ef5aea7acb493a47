"""Colours of a page on a dark ground."""

from __future__ import annotations

LIGHT = 0.25
"""The least relative luminance (WCAG) of a mark on a dark ground."""


def on_dark(color: str) -> str:
    """The colour, mixed with white until it can be seen on a dark ground.

    Args:
        color: Such as ``"#332288"``.

    Example:
        >>> on_dark("#332288"), on_dark("#88CCEE")
        ('#8f85be', '#88ccee')
    """
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(21):
        mixed = [round(part + (255 - part) * step / 20) for part in parts]
        if _luminance(mixed) >= LIGHT:
            break
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _luminance(parts: list[int]) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
