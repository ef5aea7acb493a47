"""The paper's figures: accuracy by known answers, by number of clusters, and prefix beside prompt form."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from personaspace.evaluation.paper import STEERING, UNSEEN
from personaspace.reports.plots.picture import COLORS, PLAIN, Plot, headed, plain, styled

SIZE = 480, 300
BESIDE = 1.012
"""Factor by which each line of own measurements lies further right than the one before, so that intervals show."""

ABOUT = ["Bars: 95% intervals by resampling respondents; published figures, in gray, have none."]


def known_curve(cells: pd.DataFrame) -> Plot:
    """Accuracy on unseen respondents by how many of their answers are known, the published models in gray."""
    part = _of_table(cells, UNSEEN).assign(at=lambda rows: rows["column"].str.removeprefix("K=").astype(int))
    return _curve(part, "answers known of a respondent", "answers known of unseen respondents")


def cluster_curve(cells: pd.DataFrame) -> Plot:
    """Accuracy with cluster personas by their number, the published models in gray."""
    part = _of_table(cells, STEERING)
    part = part[part["column"].str.fullmatch(r"\d+ clusters")]
    part = part.assign(at=part["column"].str.removesuffix(" clusters").astype(int))
    return _curve(part, "number of clusters", "clusters")


def forms(cells: pd.DataFrame) -> Plot:
    """Prefix beside prompt form, with 95% intervals, a line per model."""
    part = _of_table(cells, STEERING)
    part = part[part["column"].isin(["individual (prefix)", "individual (prompt)"])]
    part = part.assign(form=part["column"].str.extract(r"\((\w+)\)", expand=False))
    base = alt.Chart(part).encode(
        y=alt.Y("row:N", title=None, sort=None, axis=alt.Axis(labelLimit=0)),
        yOffset="form:N",
        color=alt.Color("form:N", title="virtual tokens", scale=alt.Scale(range=list(COLORS[:2]))),
    )
    dots = base.mark_circle(size=80, opacity=1).encode(x=alt.X("value:Q", **ACCURACY))
    intervals = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=alt.X("low:Q"), x2="high:Q")
    title = headed(_forms_found(part), ABOUT)
    return Plot(styled(alt.layer(intervals, dots).properties(width=SIZE[0], height=alt.Step(18), title=title)))


def figures(cells: pd.DataFrame) -> dict[str, Plot]:
    """Every figure that there are measurements for, by the name of its file."""
    made = {"known": (known_curve, UNSEEN), "clusters": (cluster_curve, STEERING), "forms": (forms, STEERING)}
    return {name: draw(cells) for name, (draw, table) in made.items() if (cells["table"] == table).any()}


def _of_table(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    part = cells[cells["table"] == table]
    return part.assign(row=part["row"].map(plain), ours=~part["row"].str.endswith("(published)"))


def _curve(part: pd.DataFrame, x: str, counted: str) -> Plot:
    order = list(part.sort_values("ours", ascending=False, kind="stable")["row"].unique())
    own = int(part.loc[part["ours"], "row"].nunique())
    colors = [*COLORS[:own], *[PLAIN] * (len(order) - own)]
    dashes = [*[[1, 0]] * own, *([2 + 2 * at, 3] for at in range(len(order) - own))]
    steps = part["row"].map({name: BESIDE**at if at < own else 1.0 for at, name in enumerate(order)})
    axis = alt.Axis(values=sorted(part["at"].unique().tolist()))
    legend = alt.Legend(title=None, symbolType="stroke", symbolSize=400, labelLimit=0)
    base = alt.Chart(part.assign(beside=part["at"] * steps)).encode(
        x=alt.X("beside:Q", title=x, scale=alt.Scale(type="log", nice=False, padding=12), axis=axis),
        y=alt.Y("value:Q", **ACCURACY),
        color=alt.Color("row:N", scale=alt.Scale(domain=order, range=colors), legend=legend),
        strokeDash=alt.StrokeDash("row:N", scale=alt.Scale(domain=order, range=dashes), legend=legend),
    )  # fmt: skip
    layers = [
        base.mark_rule(strokeWidth=3, opacity=0.45).encode(
            y=alt.Y("low:Q"), y2="high:Q", strokeDash=alt.StrokeDashValue([1, 0])
        ),
        base.mark_line(strokeWidth=2),
        base.mark_circle(size=45, opacity=1),
    ]
    title = headed(_curve_found(part, counted), ABOUT)
    return Plot(styled(alt.layer(*layers).properties(width=SIZE[0], height=SIZE[1], title=title)))


def _curve_found(part: pd.DataFrame, counted: str) -> str:
    """What the most gives beside the fewest, of whatever of ours is right most often there."""
    own = part[part["ours"]] if part["ours"].any() else part
    most = own.loc[own[own["at"] == own["at"].max()]["value"].idxmax()]
    same = own[own["row"] == most["row"]]
    first = same.loc[same["at"].idxmin()]
    return (
        f"{most['row']}: {first['value']:.1%} right with {first['at']} {counted}, {most['value']:.1%} with {most['at']}"
    )


def _forms_found(part: pd.DataFrame) -> str:
    """In which form each model that was measured in both is right more often."""
    wide = part.pivot_table(index="row", columns="form", values="value", sort=False).dropna()
    if {*wide} != {"prefix", "prompt"} or wide.empty:
        return "Individual personas, in prefix and in prompt form"
    better = int((wide["prefix"] > wide["prompt"]).sum())
    return f"The prefix form is right more often with {better} of {len(wide)} models"


ACCURACY: dict[str, Any] = {
    "title": "answers predicted right (macro accuracy)",
    "axis": alt.Axis(format="%", tickCount=6),
    "scale": alt.Scale(zero=False),
}
