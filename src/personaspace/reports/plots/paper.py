"""The paper's figures: accuracy by known answers, by number of clusters, and prefix beside prompt form."""

from __future__ import annotations

import altair as alt
import pandas as pd

from personaspace.evaluation.paper import STEERING, UNSEEN
from personaspace.reports.plots.picture import COLORS, PLAIN, Plot, plain, styled

SIZE = 420, 280


def known_curve(cells: pd.DataFrame) -> Plot:
    """Accuracy on unseen respondents by how many of their answers are known, the published models in gray."""
    part = _of_table(cells, UNSEEN).assign(at=lambda rows: rows["column"].str.removeprefix("K=").astype(int))
    return _curve(part, "answers known of a respondent", "Unseen respondents: what more answers are worth")


def cluster_curve(cells: pd.DataFrame) -> Plot:
    """Accuracy with cluster personas by their number, the published models in gray."""
    part = _of_table(cells, STEERING)
    part = part[part["column"].str.fullmatch(r"\d+ clusters")]
    part = part.assign(at=part["column"].str.removesuffix(" clusters").astype(int))
    return _curve(part, "clusters", "Cluster personas: what more of them are worth")


def forms(cells: pd.DataFrame) -> Plot:
    """Prefix beside prompt form, with 95% intervals, a line per model."""
    part = _of_table(cells, STEERING)
    part = part[part["column"].isin(["individual (prefix)", "individual (prompt)"])]
    part = part.assign(form=part["column"].str.extract(r"\((\w+)\)", expand=False))
    base = alt.Chart(part).encode(
        y=alt.Y("row:N", title=None, sort=None),
        yOffset="form:N",
        color=alt.Color("form:N", title="virtual tokens", scale=alt.Scale(range=list(COLORS[:2]))),
    )
    dots = base.mark_circle(size=80, opacity=1).encode(x=_accuracy("value"))
    intervals = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q")
    title = _title("Individual personas, in prefix and in prompt form")
    return Plot(styled(alt.layer(intervals, dots).properties(width=SIZE[0], height=alt.Step(18), title=title)))


def figures(cells: pd.DataFrame) -> dict[str, Plot]:
    """Every figure that there are measurements for, by the name of its file."""
    made = {"known": (known_curve, UNSEEN), "clusters": (cluster_curve, STEERING), "forms": (forms, STEERING)}
    return {name: draw(cells) for name, (draw, table) in made.items() if (cells["table"] == table).any()}


def _of_table(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    part = cells[cells["table"] == table]
    return part.assign(row=part["row"].map(plain), ours=~part["row"].str.endswith("(published)"))


def _curve(part: pd.DataFrame, x: str, title: str) -> Plot:
    order = list(part.sort_values("ours", ascending=False, kind="stable")["row"].unique())
    own = int(part.loc[part["ours"], "row"].nunique())
    colors = [*COLORS[:own], *[PLAIN] * (len(order) - own)]
    dashes = [*[[1, 0]] * own, *([2 + 2 * at, 3] for at in range(len(order) - own))]
    axis = alt.Axis(values=sorted(part["at"].unique().tolist()))
    base = alt.Chart(part).encode(
        x=alt.X("at:Q", title=x, scale=alt.Scale(type="log", nice=False, padding=12), axis=axis),
        y=_accuracy("value"),
        color=alt.Color("row:N", title=None, scale=alt.Scale(domain=order, range=colors)),
        strokeDash=alt.StrokeDash("row:N", title=None, scale=alt.Scale(domain=order, range=dashes)),
    )  # fmt: skip
    lines = base.mark_line(point=True, strokeWidth=2)
    intervals = base.mark_rule(strokeWidth=2, opacity=0.5).encode(y=alt.Y("low:Q"), y2="high:Q")
    return Plot(styled(alt.layer(intervals, lines).properties(width=SIZE[0], height=SIZE[1], title=_title(title))))


def _accuracy(column: str) -> alt.Y:
    return alt.Y(f"{column}:Q", title="macro accuracy", axis=alt.Axis(format="%"), scale=alt.Scale(zero=False))


def _title(text: str) -> alt.Title:
    return alt.Title(text, subtitle="Bars: 95% intervals; published figures have none.")
