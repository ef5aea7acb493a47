"""Pictures of who the members of personas are: every trait, beside the population."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from personaspace.profiles.quoting import percent, quoted
from personaspace.reports.chart import ticks_between, wrapped
from personaspace.reports.plots.picture import COLORS, PLAIN, POPULATION, headed
from personaspace.reports.plots.rows import Rows, rows_of

OVER, UNDER = "#2166AC", "#D95F0E"
"""Colours of shares above and below the population's."""

CHARACTERS = 44
"""Characters of a line of a label."""

BETWEEN = 6.0
"""Pixels between the labels of two rows."""

WIDE, NARROW, ALL = 104.0, 62.0, 900.0
"""Width of a persona's panel in pixels where there are few, where there are many, and of all before they are narrow."""

ONE = 440.0
"""Width of the panel of a single persona."""

NAME_LINES = 9
"""Lines of a persona's name above its panel."""

TOOLTIP = [
    alt.Tooltip("persona:N"),
    alt.Tooltip("label:N", title="trait"),
    alt.Tooltip("value:N"),
    alt.Tooltip("share:Q", format=".1%"),
    alt.Tooltip("low:Q", format=".1%"),
    alt.Tooltip("high:Q", format=".1%"),
    alt.Tooltip("population_share:Q", format=".1%", title=POPULATION),
    alt.Tooltip("respondents:Q", format=","),
]


def composition_of_all(table: pd.DataFrame) -> alt.HConcatChart:
    """A panel per persona: how far its shares are from the population's, with intervals."""
    panels = [panel for _, panel in table.groupby("persona", sort=False)]
    first = panels[0]
    labels = [
        f"{value} ({percent(share)})" for value, share in zip(first["value"], first["population_share"], strict=True)
    ]
    rows = rows_of(labels, first["label"].tolist(), CHARACTERS, BETWEEN)
    width = max(NARROW, min(WIDE, ALL / len(panels)))
    ends = table[["difference_low", "difference_high"]].abs().max().max()
    places = ticks_between(0, float(ends) if ends > 0 else 0.01)
    drawn = [rows.as_chart, *(_difference(panel, rows, width, places) for panel in panels)]
    subtitle = [
        "Percentage points by which the members' share is above (blue) or below (orange) the population's, with 95% "
        "intervals; gray where not significant.",
        "In brackets: the population's share.",
    ]
    return alt.hconcat(*drawn, spacing=10, title=headed(_finding(table), subtitle))


def _difference(panel: pd.DataFrame, rows: Rows, width: float, places: list[float]) -> Any:
    limit, tick = places[-1], places[max(1, len(places) // 2)]
    x = alt.X(
        "difference:Q",
        title="points",
        axis=alt.Axis(values=[-tick, 0, tick], labelExpr="datum.value ? format(100 * datum.value, '+.0f') : '0'"),
        scale=alt.Scale(domain=[-limit, limit], nice=False),
    )
    color = alt.Color(
        "verdict:N", legend=None, scale=alt.Scale(domain=["over", "under", ""], range=[OVER, UNDER, PLAIN])
    )
    base = alt.Chart(panel.assign(y=rows.y)).encode(y=rows.axis, color=color, tooltip=TOOLTIP)
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=PLAIN).encode(x="at:Q")
    interval = base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=alt.X("difference_low:Q"), x2="difference_high:Q")
    title = wrapped(panel["called"].iloc[0], int(width / 5.5), NAME_LINES)
    return alt.layer(rows.lines, zero, interval, base.mark_circle(size=44, opacity=1).encode(x=x)).properties(
        width=width, height=rows.height, title=alt.Title(title, fontSize=10, anchor="middle", offset=6)
    )


def composition_of_one(table: pd.DataFrame) -> alt.HConcatChart:
    """The members' shares with intervals, and the population's with theirs."""
    rows = rows_of(table["value"].astype(str).tolist(), table["label"].tolist(), CHARACTERS, BETWEEN)
    places = ticks_between(0, float(table[["high", "population_high"]].max().max()))
    x = alt.X(
        "share:Q",
        title="share of people",
        axis=alt.Axis(format="%", values=places),
        scale=alt.Scale(domain=[0, places[-1]], nice=False),
    )
    base = alt.Chart(table.assign(y=rows.y)).encode(y=rows.axis, tooltip=TOOLTIP)
    filled = alt.when(alt.datum["verdict"] != "").then(alt.value(COLORS[0])).otherwise(alt.value("white"))
    layers = [
        rows.lines,
        base.mark_rule(strokeWidth=9, opacity=0.5, color=PLAIN).encode(
            x=alt.X("population_low:Q"), x2="population_high:Q"
        ),
        base.mark_tick(thickness=3, height=13, color=PLAIN).encode(x="population_share:Q"),
        base.mark_rule(strokeWidth=3, opacity=0.45, color=COLORS[0]).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=55, stroke=COLORS[0], opacity=1).encode(x=x, fill=filled),
    ]
    subtitle = [
        f"{table['called'].iloc[0]}.",
        "Points: members; gray marks: population; both with 95% intervals. Points are filled where they differ "
        "significantly.",
    ]
    chart = alt.layer(*layers).properties(width=ONE, height=rows.height)
    return alt.hconcat(rows.as_chart, chart, spacing=0, title=headed(_finding(table), subtitle))


def _finding(table: pd.DataFrame) -> str:
    """The largest significant difference, in a sentence."""
    significant, several = table[table["verdict"] != ""], table["persona"].nunique() > 1
    name = "any persona" if several else table["persona"].iloc[0]
    if significant.empty:
        return f"No trait sets {name} apart from the population"
    most = max(significant.to_dict("records"), key=lambda row: (round(abs(row["difference"]), 3), row["difference"]))
    return (
        f"{most['label']} sets {'the personas' if several else name} apart most: {percent(most['share'])} of "
        f"{most['persona']} are {quoted(most['value'])}, {percent(most['population_share'])} of the population"
    )
