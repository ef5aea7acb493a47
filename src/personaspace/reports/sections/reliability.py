"""Reliability: how often methods are right where they are so and so sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from personaspace.evaluation.results import MAIN_METRIC, Results
from personaspace.profiles.quoting import percent
from personaspace.profiles.statistics import wilson
from personaspace.reports.chart import Legend, Mark, Row, chart
from personaspace.reports.table import Columns, count, points, table

LEGEND: tuple[Legend, ...] = (("dot", "c0", "predicted right, with 95% interval"), ("tick", "plain", "mean confidence"))
GUTTER = 16.0
"""Percent of a chart's width for the confidence of its rows."""

COLUMNS: Columns = {"confidence": ("Mean confidence", points), "right": ("Right", points)}
COLUMNS = {**COLUMNS, "low": ("from", points), "high": ("to", points), "answers": ("Answers", count)}


def reliability(results: Results, split: str, method: str, words: str, what: str) -> dict[str, Any] | None:
    """The curve of a method on an evaluation set as a picture and a table; ``None`` where it has none.

    Intervals are Wilson's and take answers for independent.
    """
    curve = results.reliability
    bins = curve[(curve["split"] == split) & (curve["method"] == method)]
    if bins.empty:
        return None
    low, high = wilson(bins["right"].to_numpy(np.float64), bins["answers"].to_numpy(np.float64))
    frame = bins.assign(low=low, high=high)
    rows = [
        Row(
            percent(row["confidence"]),
            [[Mark("tick", "plain", row["confidence"]), Mark("dot", "c0", row["right"], row["low"], row["high"])]],
        )
        for row in frame.to_dict("records")
    ]
    label = f"How often it is right by how sure it is: {words}, {what}"
    name = f"reliability of {method} on {what}"
    return {
        "name": name,
        "finding": _finding(results, frame, split, method, words),
        "chart": chart(label, rows, "share predicted right, by mean confidence", LEGEND, GUTTER),
        "table": table(name, label, frame, COLUMNS),
    }


def _finding(results: Results, frame: pd.DataFrame, split: str, method: str, words: str) -> str:
    """How sure it is on average, how often it is right, and how far the two are apart."""
    part = frame["answers"] / frame["answers"].sum()
    sure, right = float((part * frame["confidence"]).sum()), float((part * frame["right"]).sum())
    off = results.value(split, method, "ece")
    return (
        f"{words[:1].upper()}{words[1:]}: {points(sure)} sure on average, {points(right)} right; "
        f"off by {points(off)} on average over respondents"
    )


def shown_methods(ordered: pd.DataFrame, metric: str, ours: pd.Series[bool]) -> list[str]:
    """Methods whose curves are shown: the best that uses the space of answers, and the best baseline."""
    if metric != MAIN_METRIC:
        return []
    return [str(part["method"].iloc[0]) for part in (ordered[ours], ordered[~ours]) if len(part)]
