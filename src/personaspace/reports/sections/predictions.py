"""Predictions: how well every method predicts answers that no stage saw, each beside every baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from personaspace.evaluation.measures.differences import Difference
from personaspace.evaluation.results import MAIN_METRIC, Results
from personaspace.evaluation.rows.kinds import kind_of
from personaspace.reports.chart import Legend, Mark, Row, chart
from personaspace.reports.sections.reliability import reliability, shown_methods
from personaspace.reports.story import Missing, Story
from personaspace.reports.table import Columns, Table, count, number, points, table, text

MEASURES = {
    MAIN_METRIC: "answers predicted right",
    "r2": "variance of numbers predicted",
    "accuracy": "answers predicted right, every answer counted alike",
    "share_of_retest": "share of what people's own second answers predict right",
}

USUAL = "majority"
"""The row beside which others are put."""


def predictions(story: Story) -> dict[str, Any]:
    """The run's own table of results, and the rows that were measured beside it."""
    return {
        "own": story.results if isinstance(story.results, Missing) else _part(story.results, ""),
        "beside": None if isinstance(story.rows, Missing) else _part(story.rows, "rows "),
    }


def _part(results: Results, prefix: str) -> dict[str, Any]:
    """A picture and a table per evaluation set of the main measures, and all measures as a file."""
    return {
        "model": results.model or "",
        "survey": results.survey,
        "sample": str(results.sample) if results.sample else "",
        "notes": list(results.notes),
        "sets": [found for metric in results.main_metrics for found in _sets(results, metric, prefix)],
        "all": _all(results, prefix),
    }


def _sets(results: Results, metric: str, prefix: str) -> list[dict[str, Any]]:
    kept = results.summary(metric).index
    table_of = results.table[~results.table["weighted"]]
    rows = table_of[(table_of["metric"] == metric) & table_of["method"].isin(kept)]
    found = []
    for name, part in rows.groupby("split", sort=False):
        ordered = part.sort_values("value", ascending=False, kind="stable")
        ordered = ordered.assign(
            words=ordered["method"].map(_in_words),
            beside=[_beside(results, method, str(name), metric) for method in ordered["method"]],
        )
        drawn = [
            Row(row["words"], [[Mark("dot", _color(row["method"]), row["value"], row["low"], row["high"])]])
            for row in ordered.to_dict("records")
        ]
        ours = ordered["method"].map(_uses_space)
        several: Sequence[Legend] = (("dot", "c0", "uses the space of answers"), ("dot", "plain", "baseline"))
        what = f"{set_in_words(str(name))}{f', {prefix}beside' if prefix else ''}"
        label = f"How well each method predicts {what}, by {MEASURES[metric]}"
        curves = [
            reliability(results, str(name), method, _in_words(method), what)
            for method in shown_methods(ordered, metric, ours)
        ]
        found.append(
            {
                "name": f"{prefix}{metric if metric != MAIN_METRIC else ''} {name}".strip(),
                "title": _capital(set_in_words(str(name))),
                "finding": _finding(results, ordered, metric, str(name)),
                "chart": chart(label, drawn, f"{MEASURES[metric]}; 95% intervals", several),
                "table": table(f"{prefix}{metric} predictions of {name}", label, ordered, _columns(metric)),
                "curves": [curve for curve in curves if curve],
            }
        )
    return found


def _columns(metric: str) -> Columns:
    """Of the table of an evaluation set."""
    return {
        "method": ("Method", text),
        "words": ("What predicts", text),
        "value": (MEASURES[metric].capitalize(), points),
        "low": ("from", points),
        "high": ("to", points),
        "beside": ("Above everybody's most common answer, on the same people", text),
        "respondents": ("Respondents", count),
        "answers": ("Answers", count),
    }


def _beside(results: Results, method: str, name: str, metric: str) -> str:
    """How far a method is above everybody's most common answer, in points, with the interval of their difference."""
    found = None if method == USUAL else _difference(results, method, USUAL, metric, name)
    return _in_points(found) if found else ""


def _in_points(found: Difference, unit: str = "") -> str:
    value, low, high = (f"{100 * end:+.1f}" for end in (found.value, found.low, found.high))
    return f"{value}{unit} ({low} to {high})"


def _difference(results: Results, method: str, other: str, metric: str, name: str) -> Difference | None:
    """The paired comparison of two methods; ``None`` where they were not measured on the same answers."""
    try:
        return results.difference(method, other, name, metric)
    except KeyError:
        return None


def _color(method: str) -> str:
    return "c0" if _uses_space(method) else "plain"


def _finding(results: Results, ordered: pd.DataFrame, metric: str, name: str) -> str:
    """The best method, what it is not surely better than, and how far it is above everybody's most common answer."""
    best, usual = ordered.iloc[0], ordered[ordered["method"] == USUAL]
    pairs = {other: _difference(results, best["method"], other, metric, name) for other in ordered["method"].iloc[1:]}
    unsure = sum(pair is not None and pair.low <= 0 for pair in pairs.values())
    highest = f"Highest: {best['words']}, {points(best['value'])}"
    highest += f", not surely above {unsure} other{'s' if unsure > 1 else ''}" if unsure else ""
    if above := pairs.get(USUAL):
        return f"{highest}; {_in_points(above, ' points')} above everybody's most common answer"
    if not usual.empty and metric == MAIN_METRIC and best["method"] != USUAL:
        return f"{highest}; everybody's most common answer: {points(usual['value'].iloc[0])}"
    return highest


def _all(results: Results, prefix: str) -> Table:
    columns: Columns = {
        "split": ("Set", text),
        "method": ("Method", text),
        "metric": ("Metric", text),
        "weighted": ("With survey weights", lambda weighted: "yes" if weighted else "no"),
    }
    columns = {**columns, "value": ("Value", number), "low": ("from", number), "high": ("to", number)}
    return table(f"{prefix}evaluation", "Every measure of every method", results.table, columns)


def _uses_space(method: object) -> bool:
    kind = kind_of(str(method))
    return kind is not None and kind.space


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
    which = "answers to questions set apart" if "held-out questions" in first else "answers set apart"
    if "unseen respondents" in first:
        which += ", of people no stage saw"
        which += f", known by {known[1]} answers" if known else ""
    else:
        which += ", of people in the space"
    groups = re.search(r", by (\w+)", first)
    which += f", whole groups by {groups[1]}" if groups else ""
    return f"{which}, after a pilot of {behind}" if behind else which


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
