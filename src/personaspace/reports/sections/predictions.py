"""Predictions: how well every method predicts answers that no stage saw, each beside every baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from personaspace.evaluation.results import MAIN_METRIC, Results
from personaspace.reports.chart import Legend, Mark, Row, chart
from personaspace.reports.story import Missing, Story
from personaspace.reports.table import Columns, Table, count, number, points, table, text

MEASURES = {
    MAIN_METRIC: "answers predicted right",
    "r2": "variance of numbers predicted",
    "accuracy": "answers predicted right, every answer counted alike",
    "share_of_retest": "share of what people's own second answers predict right",
}
METHODS = {
    r"majority": ("everybody's most common answer", False),
    r"position majority": ("everybody's most common place on the scale", False),
    r"topline": ("everybody's shares, known", False),
    r"pilot majority": ("the pilot's most common answer", False),
    r"group majority: (.+)": (r"the most common answer of people with the same {0}", False),
    r"similar question": ("the most common answer to the most similar question", False),
    r"own similar answer": ("the person's own answer to the most similar question", False),
    r"raw question": ("a language model that knows nothing of the person", False),
    r"demographics": ("a language model given the person's traits", False),
    r"context K=(\d+)": ("a language model given {0} answers of the person", False),
    r"system prompt.*": ("a language model given a persona in words", False),
    r"untrained": ("the steered model before its training", False),
    r"boosted trees: traits": ("boosted trees, from the person's traits", False),
    r"boosted trees: traits and answers": ("boosted trees, from the person's traits and answers", False),
    r"own answer, asked again": ("the person's own answer at another interview", False),
    r"embedder alone at cluster k=(\d+)": ("{0} personas, without a language model", True),
    r"embedder alone at demographic: (.+)": ("the mean of people with the same {0}, without a language model", True),
    r"embedder alone: (.+)": ("the person's point in the space ({0}), without a language model", True),
    r"question prior": ("the question's text and the person's point, without a language model", True),
    r"question prior with states": ("the same, given a language model's reading of the question", True),
    r"individual": ("a language model steered to each person", True),
    r"cluster k=(\d+)": ("a language model steered to {0} personas", True),
    r"demographic: (.+)": ("a language model steered to the mean of people with the same {0}", True),
}
"""By the pattern of a row's name what it does, in words, and whether it uses the space of answers."""

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
        ordered = ordered.assign(words=[method_in_words(method)[0] for method in ordered["method"]])
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
    return "c0" if method_in_words(method)[1] else "plain"


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


def method_in_words(method: str) -> tuple[str, bool]:
    """What a row of the results does, and whether it uses the space of answers; its name where it is not known.

    Example:
        >>> method_in_words("cluster k=6")
        ('a language model steered to 6 personas', True)
    """
    for pattern, (words, ours) in METHODS.items():
        if found := re.fullmatch(pattern, method, re.DOTALL):
            return words.format(*found.groups()), ours
    return method, False


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
