"""What the exports of survey platforms have in common: headings with markup, boxes to tick, free text."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import LabelledTable, Role

MARKUP = re.compile(r"<(?:/?[a-z][^<>]*|!--.*?--)>", re.IGNORECASE | re.DOTALL)


class Export(NamedTuple):
    """The export of a survey platform.

    Attributes:
        recognizes: Whether a grid is such an export, by its first rows.
        read: Its columns, with what the platform says of them.
    """

    recognizes: Callable[[Grid], bool]
    read: Callable[[Grid], LabelledTable]


def heading(text: str) -> str:
    """A heading without markup and line breaks.

    Example:
        >>> heading("How do you<br> <b>feel</b> &amp; why?")
        'How do you feel & why?'
    """
    return " ".join(html.unescape(MARKUP.sub(" ", text)).split())


def numbered(names: Sequence[str]) -> list[str]:
    """Names that are all different: those that occurred before get a number.

    Example:
        >>> numbered(["Why?", "How?", "Why?"])
        ['Why?', 'How?', 'Why? (2)']
    """
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def are_ticks(columns: Sequence[pd.Series], blank: Sequence[str] = ()) -> bool:
    """Whether columns are the boxes of one question: several, each of which holds one value or nothing.

    Args:
        columns: The cells of each.
        blank: Cells that count as nothing.
    """
    held = [{str(cell) for cell in cells.dropna().unique()} - set(blank) for cells in columns]
    return len(columns) > 1 and any(held) and all(len(values) <= 1 for values in held)


def written(cells: pd.Series) -> Role | None:
    """The role of a field to write in: free text, unless all that was written are numbers."""
    given = cells.dropna()
    return None if len(given) and pd.to_numeric(given, errors="coerce").notna().all() else "free text"
