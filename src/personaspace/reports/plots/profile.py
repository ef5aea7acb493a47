"""Plots of profiles: the composition of personas, and the questions on which they differ from the population."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import altair as alt
import pandas as pd

from personaspace.errors import SettingError, unknown
from personaspace.profiles.profile import Profile
from personaspace.reports.plots.picture import COLORS, INK, PLAIN, Plot, plain, styled

MOST_QUESTIONS = 12
"""Questions shown of a single persona."""

PER_PERSONA = 3
"""Questions shown of each persona, where all are shown."""

LINE = 64
"""Characters per line of a question."""

MEMBERS, POPULATION = "members", "population"
PALETTE = alt.Scale(domain=[MEMBERS, POPULATION], range=[COLORS[0], PLAIN])


def profile_plot(profile: Profile, persona: str | None = None, what: str = "composition") -> Plot:
    """Draw a profile; see :func:`personaspace.reports.plots.plot.plot`."""
    if what not in _PICTURES:
        raise unknown("picture", what, _PICTURES)
    of_all, of_one = _PICTURES[what]
    table = profile.composition if what == "composition" else profile.distinguishing
    if persona is not None:
        names = profile.cards["persona"]
        if persona not in set(names):
            raise unknown("persona", persona, names)
        table = table[table["persona"] == persona]
    if table.empty:
        raise SettingError(f"nothing to show: the table {what!r} is empty")
    labels = {name: plain(f"{name}: {label}" if label else name) for name, label in profile.labels.items()}
    table = table.assign(persona=table["persona"].map(labels))
    return Plot(styled(of_all(table) if persona is None else of_one(table, labels[persona])))


def _composition_of_all(table: pd.DataFrame) -> alt.VConcatChart:
    shown = table.assign(points=100 * table["difference"], signed=_signed(table))
    limit = float(shown["points"].abs().max()) or 1.0
    color = alt.Color(
        "points:Q",
        scale=alt.Scale(domain=[-limit, 0, limit], range=["#D95F0E", "#FFFFFF", "#2166AC"], interpolate="lab"),
        legend=alt.Legend(title=["percentage points", "from population"], format="+.0f"),
    )
    ink = alt.when(abs(alt.datum["points"]) > 0.6 * limit).then(alt.value("white")).otherwise(alt.value(INK))
    charts: list[alt.LayerChart] = []
    for _, rows in shown.groupby("trait", sort=False):
        axis = alt.Axis(orient="top", labelAngle=-35, labels=not charts, title=None)
        base = alt.Chart(rows).encode(x=alt.X("persona:N", sort=None, axis=axis), y=_values(table))
        cells = base.mark_rect(stroke="#EEEEEE").encode(color=color, tooltip=_TOOLTIP)
        numbers = base.mark_text(fontSize=10).encode(text="signed:N", color=ink)
        charts.append(_panel(cells + numbers, rows["label"].iloc[0], alt.Step(52)))
    subtitle = "Share of the members minus share of the population; numbers where the difference is significant."
    return alt.vconcat(*charts, spacing=4, title=alt.Title("Composition of the personas", subtitle=subtitle))


def _composition_of_one(table: pd.DataFrame, persona: str) -> alt.VConcatChart:
    filled = alt.when(alt.datum["verdict"] != "").then(alt.value(COLORS[0])).otherwise(alt.value("white"))
    panels = table.groupby("trait", sort=False)
    charts = []
    for at, (_, rows) in enumerate(panels, start=1):
        last = at == panels.ngroups
        axis = alt.Axis(format="%", labels=last, title="share" if last else None)
        x = alt.X(
            "share:Q", axis=axis, scale=alt.Scale(domain=[0, float(table[["high", "population_share"]].max().max())])
        )
        base = alt.Chart(rows).encode(y=_values(table), tooltip=_TOOLTIP)
        interval = base.mark_rule(strokeWidth=3, opacity=0.45, color=COLORS[0]).encode(x=alt.X("low:Q"), x2="high:Q")
        population = base.mark_tick(thickness=3, height=13, color=PLAIN).encode(x="population_share:Q")
        own = base.mark_point(size=55, stroke=COLORS[0], opacity=1).encode(x=x, fill=filled)
        charts.append(_panel(interval + population + own, rows["label"].iloc[0], 420))
    subtitle = [
        "Points: members, with 95% intervals; filled where they differ significantly from the population.",
        "Gray marks: population.",
    ]
    return alt.vconcat(*charts, spacing=4, title=alt.Title(f"Composition of {persona}", subtitle=subtitle))


def _questions_of_all(table: pd.DataFrame) -> alt.VConcatChart:
    first = table[table["rank"] <= PER_PERSONA]
    charts = [
        _dumbbells(rows).properties(title=alt.Title(str(name), fontSize=13, offset=4))
        for name, rows in first.groupby("persona", sort=False)
    ]
    return alt.vconcat(
        *charts, spacing=14, title=_title("Answers that distinguish the personas from the population", table)
    )


def _questions_of_one(table: pd.DataFrame, persona: str) -> Any:
    chart = _dumbbells(table[table["rank"] <= MOST_QUESTIONS])
    return chart.properties(title=_title(f"Answers that distinguish {persona} from the population", table))


def _dumbbells(table: pd.DataFrame) -> Any:
    rows = table.assign(label=[_label(row) for row in table.to_dict("records")])
    y = alt.Y("label:N", title=None, sort=None, axis=_LABELS)
    x: dict[str, Any] = {
        "axis": alt.Axis(format="%", title=None, tickCount=5),
        "scale": alt.Scale(domain=[0, 1]),
    }
    rule = (
        alt.Chart(rows)
        .mark_rule(strokeWidth=2, color="#BBBBBB")
        .encode(y=y, x=alt.X("population_share:Q", **x), x2="share:Q")
    )
    both = pd.concat(
        [rows.assign(who=POPULATION, at=rows["population_share"]), rows.assign(who=MEMBERS, at=rows["share"])]
    )
    dots = (
        alt.Chart(both)
        .mark_circle(size=110, opacity=1)
        .encode(
            y=y,
            x=alt.X("at:Q", **x),
            color=alt.Color("who:N", scale=PALETTE, legend=alt.Legend(title=None)),
            tooltip=[
                alt.Tooltip("text:N", title="question"),
                alt.Tooltip("option:N", title="answer"),
                alt.Tooltip("share:Q", format=".1%", title=MEMBERS),
                alt.Tooltip("population_share:Q", format=".1%", title=POPULATION),
                alt.Tooltip("tv:Q", format=".2f", title="total variation"),
            ],
        )
    )
    return alt.layer(rule, dots).properties(width=380, height=alt.Step(50))


def _title(title: str, table: pd.DataFrame) -> alt.Title:
    imputed = (table["answers"] == "imputed").all()
    kind = "Answers expected by the embedder (imputed)" if imputed else "Answers given"
    return alt.Title(
        title, subtitle=f"{kind}; for each question the option most over-chosen relative to the population."
    )


def _values(table: pd.DataFrame) -> alt.Y:
    """The axis of a trait's values, of the same width in every panel."""
    width = min(6.2 * max(len(value) for value in table["value"].astype(str)), 320)
    return alt.Y("value:N", sort=None, axis=alt.Axis(title=None, minExtent=width, maxExtent=width))


def _panel(chart: Any, trait: str, width: int | alt.Step) -> Any:
    title = alt.Title(plain(trait), fontSize=12, offset=2, anchor="start", frame="bounds")
    return chart.properties(width=width, height=alt.Step(18), title=title)


def _label(row: Mapping[Hashable, Any]) -> str:
    text = " ".join(str(row["text"]).split())
    lines = textwrap.wrap(text, LINE)
    if len(lines) > 2:
        lines = [f"{text[: LINE - 2].rsplit(' ', 1)[0]} …", text[2 - LINE :].split(" ", 1)[-1]]
    answer = textwrap.shorten(str(row["option"]), LINE - 2, placeholder=" …")
    return "\n".join([*lines, f"“{answer}”"])


def _signed(table: pd.DataFrame) -> list[str]:
    points = zip(100 * table["difference"], table["verdict"], strict=True)
    return [f"{value:+.{abs(value) < 0.5:d}f}" if verdict else "" for value, verdict in points]


_LABELS = alt.Axis(
    labelExpr="split(datum.value, '\\n')",
    labelLimit=420,
    labelLineHeight=13,
    labelOffset=-13,
    minExtent=380,
    maxExtent=380,
)
_TOOLTIP = [
    alt.Tooltip("persona:N"),
    alt.Tooltip("label:N", title="trait"),
    alt.Tooltip("value:N"),
    alt.Tooltip("share:Q", format=".1%"),
    alt.Tooltip("low:Q", format=".1%"),
    alt.Tooltip("high:Q", format=".1%"),
    alt.Tooltip("population_share:Q", format=".1%", title=POPULATION),
    alt.Tooltip("respondents:Q", format=","),
]
_PICTURES: dict[str, tuple[Callable[[pd.DataFrame], alt.Chart], Callable[[pd.DataFrame, str], alt.Chart]]] = {
    "composition": (_composition_of_all, _composition_of_one),  # type: ignore[dict-item]
    "questions": (_questions_of_all, _questions_of_one),  # type: ignore[dict-item]
}
