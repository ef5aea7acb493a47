"""The comparisons that matter most: what a method adds to the majority, and a language model to doing without one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from personaspace.evaluation.measures.differences import Difference
from personaspace.evaluation.results import Results

STEERED, MAJORITY = "individual", "majority"
WITH_MODEL = (
    "raw question",
    "demographics",
    "context",
    "system prompt",
    "untrained",
    STEERED,
    "question prior with states",
    "cluster ",
    "demographic:",
)
"""How the names of rows begin that a language model answers."""

REFERENCES = ("embedder alone", "question prior")
"""How the names of rows begin that use the space and no language model."""


def main_comparisons(results: Results, metric: str) -> pd.DataFrame:
    """By evaluation set, the best method without a language model and the steered one against those to be beaten.

    Both are compared with the majority, and with the embedder alone, or the question prior where there is none.

    Args:
        results: Of an evaluation.
        metric: A main metric; higher is better.

    Returns:
        Columns ``difference``, ``low``, ``high`` and ``p``; the index names evaluation set and methods.
    """
    summary = results.summary(metric)
    found = {
        f"{row.split}: {row.method} - {row.other}": (row.value, row.low, row.high, row.p)
        for split in map(str, summary.columns)
        for row in _of_split(results, summary[split].dropna(), split, metric)
    }
    return pd.DataFrame.from_dict(found, orient="index", columns=["difference", "low", "high", "p"])


def _of_split(results: Results, values: pd.Series[float], split: str, metric: str) -> Iterator[Difference]:
    without = values[[not str(method).startswith(WITH_MODEL) for method in values.index]]
    best = [str(without.idxmax())] if len(without) else []
    spaces = [str(method) for start in REFERENCES for method in values.index if str(method).startswith(start)][:1]
    for method in dict.fromkeys([*best, STEERED]):
        for other in (MAJORITY, *spaces):
            if method != other and {method, other} <= set(values.index):
                try:
                    yield results.difference(method, other, split, metric)
                except KeyError:  # measured on different answers
                    continue
