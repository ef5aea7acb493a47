"""Rows of a picture: labels in whole lines, each row as high as its lines, headings where a group of rows begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from personaspace.reports.chart import wrapped
from personaspace.reports.plots.picture import INK, plain

LINE, HEADING, APART = 13.0, 20.0, 8.0
"""Heights in pixels: a line of a label, a heading, and the space above it."""

MOST_LINES = 5
"""Lines of a label; the middle of a longer text is left out."""

CHARACTER = 5.9
"""Pixels of a character on average."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Where rows lie.

    Attributes:
        y: Height of each row's middle, from the top.
        height: Of all rows together.
        width: Of the labels.
        texts: A row per label and heading, with the columns ``y`` (of its first line), ``text`` and ``heading``.
    """

    y: list[float]
    height: float
    width: float
    texts: pd.DataFrame

    @property
    def axis(self) -> alt.Y:
        """The axis of heights, to which the column ``y`` belongs."""
        return alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, self.height], reverse=True, nice=False))

    @property
    def lines(self) -> Any:
        """A faint line for each row, along which its label is followed."""
        return alt.Chart(pd.DataFrame({"y": self.y})).mark_rule(color="#EEEEEE", aria=False).encode(y=self.axis)

    @property
    def as_chart(self) -> Any:
        """Labels that end at the right edge, and headings that begin at the left one."""
        base = alt.Chart(self.texts).encode(y=self.axis, text="text:N")
        style: dict[str, Any] = {
            "baseline": "middle",
            "color": INK,
            "lineBreak": "\n",
            "lineHeight": LINE,
            "aria": False,
        }
        labels = base.mark_text(align="right", fontSize=11, **style).encode(x=alt.value(self.width - 8))
        headings = base.mark_text(align="left", fontSize=12, fontWeight="bold", **style).encode(x=alt.value(0))
        drawn = alt.layer(labels.transform_filter("!datum.heading"), headings.transform_filter("datum.heading"))
        return drawn.properties(width=self.width, height=self.height)


def rows_of(labels: Sequence[str], headings: Sequence[str], characters: int, between: float) -> Rows:
    """Lay out rows from top to bottom.

    Args:
        labels: Text of each row; lines that it has already stay.
        headings: Heading of each row's group; rows of a group follow one another.
        characters: Of a line.
        between: Pixels between the labels of two rows.
    """
    y, places, texts = 0.0, list[float](), list[tuple[float, str, bool]]()
    longest, before = 0, None
    for label, heading in zip(labels, headings, strict=True):
        if heading != before:
            y += APART if y else 0.0
            texts.append((y + HEADING / 2, plain(heading), True))
            y, before = y + HEADING, heading
        lines = [line for part in label.split("\n") for line in wrapped(plain(part), characters, MOST_LINES)]
        height = LINE * len(lines) + between
        texts.append((y + height / 2 - LINE * (len(lines) - 1) / 2, "\n".join(lines), False))
        places.append(y + height / 2)
        longest, y = max(longest, *map(len, lines)), y + height
    return Rows(places, y, CHARACTER * longest + 10, pd.DataFrame(texts, columns=["y", "text", "heading"]))
