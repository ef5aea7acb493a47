"""How well do runs do? Prints their evaluation as a Markdown table.

Of one run with 95% intervals; of several, with other seeds of split and model, the mean and from least to greatest.

Command: python benchmarks/results_table.py RUN [RUN ...] [--metric log_loss] [--stage rows]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from personaspace.evaluation.results import MAIN_METRIC, Results, Row


def markdown(runs: Sequence[Results], metric: str) -> str:
    """The table of one metric: methods in rows, evaluation sets in columns."""
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in (row for results in runs for row in results.rows if row.metric == metric and not row.weighted):
        cells.setdefault((row.method, row.split), []).append(row)
    methods = list(dict.fromkeys(method for method, _ in cells))
    splits = list(dict.fromkeys(split for _, split in cells))
    lines = [f"| {metric} | {' | '.join(splits)} |", "|---" * (len(splits) + 1) + "|"]
    lines += [f"| {m} | {' | '.join(shown(cells.get((m, split), ())) for split in splits)} |" for m in methods]
    return "\n".join(lines)


def shown(rows: Sequence[Row]) -> str:
    """One cell: the value with its interval, or of several runs mean and range."""
    if not rows:
        return ""
    values = [row.value for row in rows]
    low, high = (rows[0].low, rows[0].high) if len(rows) == 1 else (min(values), max(values))
    return f"{np.mean(values):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Read the runs named on the command line and print their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, nargs="+", help="run folder that was evaluated")
    parser.add_argument("--metric", default=MAIN_METRIC)
    parser.add_argument("--stage", default="evaluation", help="rows, for a table of chosen rows or of a sample")
    given = parser.parse_args()
    runs = [Results.load(run / given.stage / "results.json") for run in given.run]
    for sample in dict.fromkeys(str(results.sample) for results in runs if results.sample):
        print(f"A sample: {sample}\n")
    print(markdown(runs, given.metric))


if __name__ == "__main__":
    main()
