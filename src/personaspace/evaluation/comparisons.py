"""The comparisons that matter most: what a method adds to the majority, and a language model to doing without one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from personaspace.evaluation.measures.differences import Difference
from personaspace.evaluation.results import Results
from personaspace.evaluation.rows.kinds import kind_of

STEERED, MAJORITY = "individual", "majority"


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
    kinds = {str(method): kind_of(str(method)) for method in values.index}
    without = [method for method, kind in kinds.items() if kind is None or not kind.with_model]
    best = [str(values[without].idxmax())] if without else []
    spaces = [method for method, kind in kinds.items() if kind and kind.space and not kind.with_model][:1]
    for method in dict.fromkeys([*best, STEERED]):
        for other in (MAJORITY, *spaces):
            if method != other and {method, other} <= set(values.index):
                try:
                    yield results.difference(method, other, split, metric)
                except KeyError:  # measured on different answers
                    continue
