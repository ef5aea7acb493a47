"""Predictions: how well every method predicts answers that no stage saw, each beside every baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from personaspace.evaluation.results import MAIN_METRIC, Results
from personaspace.evaluation.rows.kinds import kind_of
from personaspace.reports.chart import Legend, Mark, Row, chart
from personaspace.reports.story import Missing, Story
from personaspace.reports.table import Columns, Table, count, number, points, table, text

MEASURES = {
    MAIN_METRIC: "answers predicted right",
    "r2": "variance of numbers predicted",
    "accuracy": "answers predicted right, every answer counted alike",
    "share_of_retest": "share of what people's own second answers predict right",
}

COLUMNS: Columns = {
    "method": ("Method", text),
    "words": ("What predicts", text),
    "value": ("Right", points),
    "low": ("from", points),
    "high": ("to", points),
    "respondents": ("Respondents", count),
    "answers": ("Answers", count),
}


def predictions(story: Story) -> dict[str, Any] | Missing:
    """A picture and a table per evaluation set of the main measure, and all measures as a file."""
    if isinstance(story.results, Missing):
        return story.results
    results = story.results
    return {
        "model": results.model or "",
        "sample": str(results.sample) if results.sample else "",
        "notes": list(results.notes),
        "sets": [found for metric in results.main_metrics for found in _sets(results, metric)],
        "all": _all(results),
    }


def _sets(results: Results, metric: str) -> list[dict[str, Any]]:
    kept = results.summary(metric).index
    table_of = results.table[~results.table["weighted"]]
    rows = table_of[(table_of["metric"] == metric) & table_of["method"].isin(kept)]
    found = []
    for name, part in rows.groupby("split", sort=False):
        ordered = part.sort_values("value", ascending=False, kind="stable")
        ordered = ordered.assign(words=ordered["method"].map(_in_words))
        drawn = [
            Row(row["words"], [[Mark("dot", _color(row["method"]), row["value"], row["low"], row["high"])]])
            for row in ordered.to_dict("records")
        ]
        legend: Sequence[Legend] = (("dot", "c0", "uses the space of answers"), ("dot", "plain", "baseline"))
        label = f"How well each method predicts {set_in_words(str(name))}"
        found.append(
            {
                "name": str(name),
                "title": _capital(set_in_words(str(name))),
                "finding": _finding(ordered, metric),
                "chart": chart(label, drawn, f"{MEASURES[metric]}; 95% intervals", legend),
                "table": table(f"predictions of {name}", label, ordered, COLUMNS),
            }
        )
    return found


def _color(method: str) -> str:
    kind = kind_of(method)
    return "c0" if kind and kind.space else "plain"


def _finding(ordered: pd.DataFrame, metric: str) -> str:
    best = ordered.iloc[0]
    close = int((ordered["high"].iloc[1:] >= best["value"]).sum())
    told = f"Highest: {best['words']}, {points(best['value'])}"
    told += f", which the intervals of {close} more reach" if close else ""
    usual = ordered[ordered["method"] == "majority"]
    if usual.empty or metric != MAIN_METRIC or best["method"] == "majority":
        return told
    return f"{told}; everybody's most common answer: {points(usual['value'].iloc[0])}"


def _all(results: Results) -> Table:
    columns: Columns = {
        "split": ("Set", text),
        "method": ("Method", text),
        "metric": ("Metric", text),
        "weighted": ("With survey weights", lambda weighted: "yes" if weighted else "no"),
    }
    columns = {**columns, "value": ("Value", number), "low": ("from", number), "high": ("to", number)}
    return table("evaluation", "Every measure of every method", results.table, columns)


def _in_words(method: object) -> str:
    kind = kind_of(str(method))
    return kind.in_words(str(method)) if kind else str(method)


def set_in_words(name: str) -> str:
    """An evaluation set in words.

    Example:
        >>> set_in_words("unseen respondents, held-out questions K=5")
        'answers to questions set apart, of people no stage saw, known by 5 answers'
    """
    first, _, behind = name.partition(", n=")
    known = re.search(r" K=(\d+)", first)
    told = "answers to questions set apart" if "held-out questions" in first else "answers set apart"
    if "unseen respondents" in first:
        told += ", of people no stage saw"
        told += f", known by {known[1]} answers" if known else ""
    else:
        told += ", of people in the space"
    groups = re.search(r", by (\w+)", first)
    told += f", whole groups by {groups[1]}" if groups else ""
    return f"{told}, after a pilot of {behind}" if behind else told


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
