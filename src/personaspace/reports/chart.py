"""Charts of numbers with intervals: rows along one axis, laid out for SVG that is as wide as the page it stands on.

Places across are percent of the width, places down are pixels: text keeps its size on every screen.
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["dot", "ring", "tick"]
Legend = tuple[Kind, str, str]
"""The kind, colour and meaning of a mark."""

LINE, LANE, GAP, FOOT = 17, 14, 12, 24
"""Heights in pixels: a line of text, a lane of marks, the space between rows, the axis."""

MARGIN = 1.5
"""Percent of the width that stays free at either end of the axis, so that marks at its ends are whole."""

WIDTH = 48
"""Characters of a label's line: what fits on a phone."""

LINES = 5
"""Lines of a label; the middle of a longer text is left out."""

STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Mark:
    """A number with its interval.

    Attributes:
        kind: A dot, a ring or a vertical tick.
        color: Class of its colour in ``style.css``, such as ``"c0"``.
        value: On the chart's scale; a mark whose value is NaN is not drawn.
        low: Lower end of the 95% interval; ``None`` where there is none.
        high: Upper end.
    """

    kind: Kind
    color: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> bool:
        """Whether it has one."""
        return self.low is not None and self.high is not None and not math.isnan(self.low + self.high)


@dataclass(frozen=True)
class Row:
    """A label, a note in fainter text, and the marks below them, in one or more lanes."""

    label: str
    lanes: Sequence[Sequence[Mark]]
    note: str = ""


@dataclass(frozen=True)
class Placed:
    """A row as it is drawn: its whole text, lines of text with ``y`` and whether they are faint, and marks."""

    full: str
    lines: list[tuple[float, str, bool]]
    marks: list[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """What the macro ``chart`` in ``macros.html`` draws.

    Attributes:
        label: What it shows, for screen readers; the numbers stand in a table beside it.
        axis: What the axis measures.
        rows: From top to bottom.
        ticks: Place, text and anchor of each tick of the axis.
        origin: Place of zero, where it is inside the axis.
        bottom: Where the axis is.
        legend: The marks and their meanings.
    """

    label: str
    axis: str
    rows: list[Placed]
    ticks: list[tuple[float, str, str]]
    origin: float | None
    bottom: float
    legend: Sequence[Legend]


def chart(
    label: str,
    rows: Sequence[Row],
    axis: str,
    legend: Sequence[Legend] = (),
    gutter: float = 0.0,
    percent: bool = True,
    holding: Sequence[float] = (0.0,),
) -> Chart:
    """Lay out a chart.

    Args:
        label: What it shows, in a sentence.
        rows: From top to bottom.
        axis: What the axis measures.
        legend: The marks and their meanings.
        gutter: Percent of the width for short labels on the left; 0 puts labels above their marks.
        percent: Whether the axis is labelled in percent.
        holding: Numbers that the axis shows in any case.
    """
    marks = [mark for row in rows for lane in row.lanes for mark in lane if not math.isnan(mark.value)]
    ends = [end for mark in marks if mark.interval for end in (mark.low, mark.high) if end is not None]
    numbers = [*holding, *(mark.value for mark in marks), *ends]
    places = ticks_between(min(numbers), max(numbers))

    def at(value: float) -> float:
        inside = MARGIN + (100 - 2 * MARGIN) * (value - places[0]) / (places[-1] - places[0])
        return round(gutter + (100 - gutter) * inside / 100, 2)

    y, placed = 4.0, list[Placed]()
    for row in rows:
        lines = [(line, False) for line in wrapped(row.label)] + [(line, True) for line in wrapped(row.note)]
        top = y if gutter else y + LINE * len(lines)
        height = LANE * len(row.lanes)
        texts = [(y + 12 + LINE * n, line, faint) for n, (line, faint) in enumerate(lines)]
        if gutter:
            texts = [(y + height / 2 + 6, row.label, False)]
        drawn = [
            _place(mark, at, top + LANE * (lane + 0.5) + 2)
            for lane, several in enumerate(row.lanes)
            for mark in several
            if not math.isnan(mark.value)
        ]
        placed.append(Placed(" ".join(f"{row.label} {row.note}".split()), texts, drawn))
        y = top + height + (GAP / 2 if gutter else GAP)
    anchors = ["middle" if gutter else "start", *["middle"] * (len(places) - 2), "end"]
    step = 100 * (places[1] - places[0]) if percent else places[1] - places[0]
    digits, unit = _digits(step), "%" if percent else ""
    texts_of = [f"{100 * value if percent else value:.{digits}f}{unit}" for value in places]
    ticks = [(at(value), text, anchor) for value, text, anchor in zip(places, texts_of, anchors, strict=True)]
    return Chart(label, axis, placed, ticks, at(0.0) if places[0] < 0 < places[-1] else None, y, legend)


def ticks_between(low: float, high: float) -> list[float]:
    """Round numbers from at most the low to at least the high end.

    Example:
        >>> ticks_between(0.0, 0.43), ticks_between(-0.02, 0.19)
        ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [-0.05, 0.0, 0.05, 0.1, 0.15, 0.2])
    """
    rough = ((high - low) or 1.0) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in STEPS if unit * factor >= 0.9 * rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]


def wrapped(text: str, width: int = WIDTH, most: int = LINES) -> list[str]:
    """A text in lines of about the same length, shorter where letters are wide; of a long text beginning and end.

    Example:
        >>> wrapped("How much do you trust the government in your town to do what is right?", width=30)
        ['How much do you trust the', 'government in your town', 'to do what is right?']
        >>> wrapped("word " * 100, width=12, most=2)
        ['word word …', '… word word']
    """
    line = " ".join(text.split())
    start = line[: width * most]
    width = int(width / (1 + sum(map(_wider, start)) / max(len(start), 1)))
    lines = textwrap.wrap(line, width, break_on_hyphens=False)
    if len(lines) <= most:
        longest = max(map(len, line.split()), default=width)
        while width > longest and len(even := textwrap.wrap(line, width - 1, break_on_hyphens=False)) == len(lines):
            lines, width = even, width - 1
        return lines
    first = textwrap.wrap(line[: width * most], width - 2, break_on_hyphens=False)
    last = line[2 - width :]
    return [*first[: most - 2], f"{first[most - 2]} …", f"… {last.split(' ', 1)[-1]}"]


def _digits(step: float) -> int:
    """Decimals that tell multiples of a step apart."""
    return next(digits for digits in range(16) if math.isclose(round(step, digits), step, rel_tol=1e-6))


def _wider(character: str) -> float:
    """How much wider a character is than a small letter, as a share of that."""
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.35 if character.isupper() else 0.0


def _place(mark: Mark, at: Callable[[float], float], y: float) -> dict[str, Any]:
    ends = (mark.low, mark.high) if mark.interval else ()
    low, high = [at(end) for end in ends if end is not None] or (None, None)
    return {"kind": mark.kind, "color": mark.color, "x": at(mark.value), "y": y, "low": low, "high": high}
