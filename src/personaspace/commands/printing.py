"""Output of commands: JSON, or the table of an evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personaspace.evaluation.results import Results


def print_json(content: Any) -> None:
    """Print JSON on stdout."""
    print(json.dumps(content, indent=1, ensure_ascii=False))


def print_results(results: Results, run: Path, as_json: bool) -> None:
    """Print the results of an evaluation as a table per main metric, or as JSON."""
    from personaspace.console import show_table

    if as_json:
        print_json(results.to_json())
        return
    model = f", steering {results.model}" if results.model else ", no language model steered"
    for metric in results.main_metrics:
        show_table(results.summary(metric), f"{metric.replace('_', ' ')} on {results.survey}{model}")
    print(f"all metrics with 95% intervals: {run / 'evaluation' / 'results.json'}")
