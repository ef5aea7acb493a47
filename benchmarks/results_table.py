"""How well does a run do? Prints its evaluation as a Markdown table, with 95% intervals.

Command: python benchmarks/results_table.py RUN [--metric log_loss]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from personaspace.evaluation.results import MAIN_METRIC, Results


def markdown(results: Results, metric: str) -> str:
    """The table of one metric: methods in rows, evaluation sets in columns."""
    cells = {(row.method, row.split): row for row in results.rows if row.metric == metric}
    methods = list(dict.fromkeys(method for method, _ in cells))
    splits = list(dict.fromkeys(split for _, split in cells))
    lines = [f"| {metric} | {' | '.join(splits)} |", "|---" * (len(splits) + 1) + "|"]
    for method in methods:
        found = [cells.get((method, split)) for split in splits]
        shown = [f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" if row else "" for row in found]
        lines.append(f"| {method} | {' | '.join(shown)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the run named on the command line and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run folder that was evaluated")
    parser.add_argument("--metric", default=MAIN_METRIC)
    given = parser.parse_args()
    print(markdown(Results.load(given.run / "evaluation" / "results.json"), given.metric))


if __name__ == "__main__":
    main()
