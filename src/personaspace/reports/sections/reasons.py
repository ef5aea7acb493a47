"""Reasons: how the number of personas was chosen and how sure it is, and how much variance they explain."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from personaspace.reports.chart import Chart, Legend, Mark, Row, chart
from personaspace.reports.story import Missing, Story
from personaspace.reports.table import Columns, Table, count, number, points, share, table, text

GUTTER = 12.0
"""Percent of a chart's width for the numbers of clusters."""

PAIRS = 5
"""Pairs of traits shown, the best."""

CURVE: Columns = {
    "k": ("Clusters", count),
    "loss": ("Loss", number),
    "gain": ("Gain", number),
    "low": ("from", number),
    "high": ("to", number),
    "silhouette": ("Silhouette", number),
    "ari_respondents": ("Stability, respondents", number),
    "ari_questions": ("Stability, questions", number),
    "smallest": ("Smallest cluster", count),
}
CLUSTERS: Columns = {
    "persona": ("Persona", text),
    "respondents": ("Respondents", count),
    "share": ("Share", share),
    "tv": ("Difference from everybody", number),
    "tv_by_chance": ("By chance", number),
    "gain": ("Gain", number),
    "low": ("from", number),
    "high": ("to", number),
    "found_again": ("Found again", number),
    "verdict": ("Verdict", text),
}
VARIANCE: Columns = {
    "grouping": ("Grouping", text),
    "groups": ("Groups", count),
    "explained": ("Explained", points),
    "low": ("from", points),
    "high": ("to", points),
    "asked": ("Of who was asked what", points),
}


def number_of_personas(story: Story) -> dict[str, Any]:
    """The reasons in words, the curve's pictures with what they find, and the validity of each cluster."""
    curve, clusters, chosen = story.personas.curve, story.personas.clusters, len(story.personas)
    tried = pd.DataFrame({"k": []}) if curve is None else curve
    return {
        "notes": list(story.personas.notes),
        "gain": _gain(tried, chosen),
        "gain_finding": _gain_found(tried, chosen),
        "stability": _stability(tried, chosen),
        "stability_finding": _stability_found(tried, chosen),
        "curve": _known("numbers of clusters", "Every number of clusters tried", curve, CURVE),
        "clusters": _known("clusters", "Every cluster found, and minorities within", clusters, CLUSTERS),
    }


def _row(curve: pd.DataFrame, chosen: int) -> Mapping[Hashable, Any]:
    """The row of the number of personas; empty where it was not tried."""
    return next(iter(curve[curve["k"] == chosen].to_dict("records")), {})


def _gain_found(curve: pd.DataFrame, chosen: int) -> str:
    row = _row(curve, chosen)
    if pd.isna(row.get("gain", float("nan"))):
        return "How much better clusters predict answers than one cluster of everybody does"
    how = f"{row['gain']:+.2f} nats per answer ({row['low']:+.2f} to {row['high']:+.2f})"
    told = "better than" if row["low"] > 0 else "not surely better than"
    return f"{chosen} personas predict answers {told} one cluster of everybody does: {how}"


def _stability_found(curve: pd.DataFrame, chosen: int) -> str:
    row = _row(curve, chosen)
    names = {"ari_respondents": "other respondents", "ari_questions": "other questions"}
    parts = [f"{row[name]:.2f} with {of}" for name, of in names.items() if not pd.isna(row.get(name, float("nan")))]
    if not parts:
        return "Whether the same clusters are found again"
    return f"How alike {chosen} personas are found again: {' and '.join(parts)} (1 is the same)"


def _known(name: str, caption: str, frame: pd.DataFrame | None, columns: Columns) -> Table | None:
    """A table of those columns that there are; runs of earlier versions lack some."""
    if frame is None or frame.empty:
        return None
    return table(name, caption, frame, {key: value for key, value in columns.items() if key in frame})


def _gain(curve: pd.DataFrame, chosen: int) -> Chart | None:
    if "gain" not in curve or not curve["gain"].notna().any():
        return None
    rows = [
        Row(f"{row['k']}", [[Mark("dot", _highlighted(row, chosen), row["gain"], row["low"], row["high"])]])
        for row in curve.to_dict("records")
    ]
    legend: Sequence[Legend] = (("dot", "c0", "the number of personas here"), ("dot", "plain", "other numbers"))
    label = "How much better each number of clusters predicts validation answers than one cluster does"
    return chart(label, rows, "nats per validation answer, 95% intervals", legend, GUTTER, percent=False)


def _stability(curve: pd.DataFrame, chosen: int) -> Chart | None:
    columns = {"ari_respondents": ("dot", "c2"), "ari_questions": ("ring", "c1")}
    if "ari_respondents" not in curve or not curve[list(columns)].notna().any(axis=None):
        return None
    rows = [
        Row(
            f"{row['k']} ◂" if row["k"] == chosen else f"{row['k']}",
            [[Mark(kind, color, row[name]) for name, (kind, color) in columns.items()]],  # type: ignore[arg-type]
        )
        for row in curve.to_dict("records")
    ]
    legend: Sequence[Legend] = (
        ("dot", "c2", "over random halves of the respondents"),
        ("ring", "c1", "over halves of the questions"),
    )
    label = "Whether each number of clusters gives the same clusters again"
    return chart(label, rows, "adjusted Rand index; 1 is the same again", legend, GUTTER, False, (0.0, 1.0))


def _highlighted(row: Mapping[Hashable, Any], chosen: int) -> str:
    return "c0" if row["k"] == chosen else "plain"


def variance(story: Story) -> dict[str, Any] | Missing:
    """The finding in a sentence, the picture and the table."""
    if isinstance(story.variance, Missing):
        return story.variance
    found = story.variance
    shown = found.drop(index=found[found["kind"] == "two traits"].index[PAIRS:])
    colors = {"personas": "c0", "vectors": "c2"}
    rows = [
        Row(
            str(row["grouping"]),
            [[Mark("dot", colors.get(row["kind"], "plain"), row["explained"], row["low"], row["high"])]],
        )
        for row in shown.to_dict("records")
    ]
    legend: Sequence[Legend] = (
        ("dot", "c2", "every respondent's own point"),
        ("dot", "c0", "personas"),
        ("dot", "plain", "traits"),
    )
    label = "Share of the variance of held-out answers that each grouping explains"
    return {
        "finding": _finding(found),
        "chart": chart(label, rows, "share of variance explained, 95% intervals", legend),
        "table": table("variance explained", label, found, VARIANCE),
        "left_out": len(found) - len(shown),
    }


def _finding(found: pd.DataFrame) -> str:
    ours = found[found["kind"] == "personas"].iloc[0]
    traits = found[found["kind"].isin(["every trait", "trait", "two traits"])]
    several = f"{ours['groups']} personas explain" if ours["groups"] != 1 else "One persona explains"
    much = points(ours["explained"]) if ours["low"] > 0 else "nothing for sure"
    told = f"{several} {much} of the variance of answers set apart"
    if traits.empty:
        return f"{told}; there are no traits to compare with"
    best = traits.iloc[0]
    return f"{told}, the best demographic description {points(best['explained'])} ({best['grouping']})"
