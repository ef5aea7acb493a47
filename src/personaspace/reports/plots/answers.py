"""Pictures of what personas answer unlike the population: the option over-chosen most of each question."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from personaspace.profiles.composition import SIGNIFICANT
from personaspace.profiles.quoting import percent, quoted
from personaspace.reports.plots.picture import COLORS, PLAIN, POPULATION, headed
from personaspace.reports.plots.rows import rows_of

MOST_QUESTIONS = 12
"""Questions shown of a single persona."""

PER_PERSONA = 3
"""Questions shown of each persona, where all are shown."""

CHARACTERS = 64
"""Characters of a line of a question."""

WIDTH, BETWEEN = 380.0, 16.0
"""Width of the panel, and what is free between the labels of two rows, in pixels."""

MEMBERS = "members"
PALETTE = alt.Scale(domain=[MEMBERS, POPULATION], range=[COLORS[0], PLAIN])


def answers_of_all(table: pd.DataFrame) -> alt.HConcatChart:
    """The first questions of every persona."""
    return _dumbbells(table[table["rank"] <= PER_PERSONA])


def answers_of_one(table: pd.DataFrame) -> alt.HConcatChart:
    """The first questions of one persona."""
    return _dumbbells(table[table["rank"] <= MOST_QUESTIONS])


def _dumbbells(table: pd.DataFrame) -> alt.HConcatChart:
    shown = table.to_dict("records")
    labels = [f"{' '.join(str(row['text']).split())}\n{quoted(row['option'])}" for row in shown]
    rows = rows_of(labels, [str(row["called"]) for row in shown], CHARACTERS, BETWEEN)
    placed = table.assign(y=rows.y)
    x: dict[str, Any] = {
        "axis": alt.Axis(format="%", tickCount=5),
        "scale": alt.Scale(domain=[0, 1]),
        "title": "share of answers",
    }
    ends = {
        MEMBERS: ("share", "share_low", "share_high"),
        POPULATION: ("population_share", "population_low", "population_high"),
    }
    both = pd.concat(
        [
            placed.assign(who=who, at=placed[at], low=placed[low], high=placed[high])
            for who, (at, low, high) in ends.items()
        ]
    )
    line = alt.Chart(placed).mark_rule(strokeWidth=1, color="#BBBBBB")
    base = alt.Chart(both).encode(
        y=rows.axis,
        color=alt.Color("who:N", scale=PALETTE, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip("text:N", title="question"),
            alt.Tooltip("option:N", title="answer"),
            alt.Tooltip("who:N", title="who"),
            alt.Tooltip("at:Q", format=".1%", title="share"),
            alt.Tooltip("low:Q", format=".1%"),
            alt.Tooltip("high:Q", format=".1%"),
            alt.Tooltip("tv:Q", format=".2f", title="total variation"),
        ],
    )
    layers = [
        rows.lines,
        line.encode(y=rows.axis, x=alt.X("population_share:Q", **x), x2="share:Q"),
        base.mark_rule(strokeWidth=5, opacity=0.45).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_circle(size=80, opacity=1).encode(x=alt.X("at:Q", **x)),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH, height=rows.height)
    return alt.hconcat(rows.as_chart, chart, spacing=0, title=headed(_finding(table), [_kind(table)]))


def _finding(table: pd.DataFrame) -> str:
    """The largest difference shown, in a sentence."""
    sure = table[(table["adjusted_p"] <= SIGNIFICANT) | (table["answers"] == "imputed")]
    if sure.empty:
        name = "any persona" if table["persona"].nunique() > 1 else table["persona"].iloc[0]
        return f"No answer sets {name} apart from the population for sure"
    most = max(sure.to_dict("records"), key=lambda row: row["share"] - row["population_share"])
    return (
        f"{percent(most['share'])} of {most['persona']} answer {quoted(most['option'])}, "
        f"{percent(most['population_share'])} of the population: the largest difference shown"
    )


def _kind(table: pd.DataFrame) -> str:
    about = "Of each question the answer that is over-chosen most relative to the population"
    if (table["answers"] == "imputed").all():
        return f"{about}, as the embedder expects it (imputed); such shares have no interval."
    return f"{about}, with 95% intervals."
