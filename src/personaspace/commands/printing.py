"""Output of commands: JSON, or the table of an evaluation."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personaspace.errors import UNSAFE, listed, printable, shown

if TYPE_CHECKING:
    from personaspace.evaluation.results import Results
    from personaspace.runs.fitted import FittedRun
    from personaspace.survey.filters import Filter


def say(text: object, lines: bool = False) -> None:
    """Print a line on stdout, control characters escaped; with ``lines``, its line breaks stay."""
    print(printable(text, lines))


def print_json(content: Any, indent: int | None = 1) -> None:
    """Print JSON on stdout: as it is where that is safe in a terminal and can be encoded there, else escaped."""
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(content, indent=indent)
    text = UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)
    print(text, flush=indent is None)


def say_prior_is_fitted(fitted: FittedRun) -> None:
    """Say on stderr where a run holds no question prior that it is fitted now, which takes a while."""
    if not fitted.has_prior:
        note = "this run holds no question prior: it is fitted for this answer alone; run `fit` again to keep it"
        print(f"note: {note}", file=sys.stderr, flush=True)


def listed_filters(filters: Mapping[str, Filter], most: int = 5) -> str:
    """Name filtered questions and the answers that lead to them, for a line of output."""
    named = [
        f"{shown(name)} (after {shown(found.parent)}: {listed(found.answers, most=3)})"
        for name, found in islice(filters.items(), most)
    ]
    more = f" and {len(filters) - most} more" if len(filters) > most else ""
    return ", ".join(named) + more


def print_results(results: Results, folder: Path, as_json: bool) -> None:
    """Print the results of an evaluation, which are in a folder, as a table per main metric, or as JSON."""
    from personaspace.console import show_table
    from personaspace.evaluation.comparisons import main_comparisons

    if as_json:
        print_json(results.to_json())
        return
    model = f"language model {results.model}" if results.model else "no language model"
    sample = f"; a sample: {results.sample}" if results.sample else ""
    for metric in results.main_metrics:
        title = f"{metric.replace('_', ' ')} on {results.survey}, {model}{sample}"
        show_table(results.summary(metric), title, missing="n/a")
        compared = main_comparisons(results, metric)
        if len(compared):
            show_table(
                compared, f"differences of {metric.replace('_', ' ')} between methods, 95% intervals, p two-sided"
            )
    for note in results.notes:
        say(note)
    say(f"all metrics with 95% intervals: {folder / 'results.json'}")
