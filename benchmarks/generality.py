"""Do the embedders hold on other surveys than the one they were made on?

Four surveys, the same code and the same default settings: a Polis conversation (agree, pass, disagree; an eighth
filled; no traits), a poll of voters, the General Social Survey, and the American National Election Studies' pilot,
whose thermometers are answered with a number from 0 to 100. Peers: the majority answer of each question (for numbers:
its mean) and the majority within the best single trait. Nothing was tuned on these surveys.

    python benchmarks/codebooks.py FOLDER BOOKS
    python benchmarks/generality.py FOLDER BOOKS [--seeds 3] [--surveys polis_ccai ...] [--embedders lightgcn ...]
    python benchmarks/generality.py --quick

FOLDER holds the surveys' folders, BOOKS the codebooks. Prints a markdown table: means over seeds, each seed with its
own split and start, and the standard deviation over seeds. Every respondent counts 1. The group is the trait that is
best on the held-out answers themselves, which favours it. ``--quick`` takes a simulated survey and ends with JSON.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from shared.closing_line import closing_line

from personaspace.embedding.registry import embedders, make_embedder
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.measures.number_metrics import log_density, r2, rank_correlation
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone, group_majority, majority
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey

KNOWN = (5, 20)
TABLES = {
    "polis_ccai": "",
    "fivethirtyeight_nonvoters": "nonvoters_data.csv.gz",
    "gss_panel_2016_2020": "first_interview.csv.gz",
    "anes2018_pilot": "responses.csv.gz",
}
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "factorization": [{"loss": "squared"}, {"loss": "squared", "solver": "alternating"}, {"loss": "cross-entropy"}]
}
COLUMNS = (
    "held-out answers",
    "log-loss",
    *(f"unseen, K={k}" for k in KNOWN),
    "R2 of numbers",
    "rank correlation",
    "log density",
)

Cells = dict[str, float]


def scores(held_out: Predictions, unseen: Sequence[Predictions]) -> Cells:
    """The cells of one method: choices by accuracy and log-loss, numbers by R2, rank correlation, density."""
    number = ~np.isnan(held_out.value)
    found = dict.fromkeys(COLUMNS, float("nan"))
    if not number.all():
        choices = held_out.where(~number)
        found |= {"held-out answers": float(macro_accuracy(choices)), "log-loss": float(log_loss(choices))}
        for k, predictions in zip(KNOWN, unseen, strict=True):
            found[f"unseen, K={k}"] = float(macro_accuracy(predictions.where(np.isnan(predictions.value))))
    if number.any():
        numbers = held_out.where(number)
        found |= {
            "R2 of numbers": float(r2(numbers)),
            "rank correlation": float(rank_correlation(numbers)),
            "log density": float(log_density(numbers)),
        }
    return found


def baseline_rows(parts: Split) -> Iterator[tuple[str, Cells]]:
    """The majority, and the majority within the best trait."""
    tests = (parts.held_out_answers, parts.unseen_held_out)
    held_out, unseen = (majority(parts.train, test) for test in tests)
    yield "majority", scores(held_out, [unseen] * len(KNOWN))
    groups = []
    for trait in map(str, parts.train.traits.columns):
        held_out, unseen = (group_majority(parts.train, test, [trait]) for test in tests)
        groups.append(scores(held_out, [unseen] * len(KNOWN)))
    if groups:
        yield "best group majority", max(groups, key=lambda cells: cells["held-out answers"])


def embedder_rows(parts: Split, names: Sequence[str], seed: int) -> Iterator[tuple[str, Cells]]:
    """Every embedder with its default settings, fitted on the training answers."""
    for name in names:
        for settings in VARIANTS.get(name, [{}]):
            start = time.perf_counter()
            embedder = make_embedder(name, seed=seed, **settings).fit(parts.train)
            held_out = embedder_alone(embedder, embedder.respondents_, parts.held_out_answers)
            unseen = [embedder_alone(embedder, embedder.embed(parts.known(k)), parts.unseen_held_out) for k in KNOWN]
            label = ", ".join([name, *settings.values()])
            print(f"{label}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
            yield label, scores(held_out, unseen)


def measured(survey: Survey, names: Sequence[str], seeds: int) -> pd.DataFrame:
    """A row per seed and method."""
    rows = []
    for seed in range(seeds):
        parts = split(survey, held_out_questions=0, seed=seed)
        for methods in (baseline_rows(parts), embedder_rows(parts, names, seed)):
            rows += [{"method": method} | cells for method, cells in methods]
    return pd.DataFrame(rows)


def markdown(survey: Survey, rows: pd.DataFrame) -> str:
    """The lines of one survey."""
    cells = len(survey.respondents) * len(survey.questions)
    fill = f"{(len(survey.answers) + len(survey.refusals)) / cells:.0%}"
    about = f"{survey.name}: {len(survey.respondents):,} x {len(survey.questions)}, {fill} filled"
    groups = rows.groupby("method", sort=False)
    mean, spread = groups.mean(), groups.std(ddof=0)
    lines: list[str] = []
    for method in mean.index:
        shown = [_cell(mean.loc[method, column], spread.loc[method, column]) for column in COLUMNS]
        lines.append(f"| {about if not lines else ''} | {method} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _cell(mean: float, spread: float) -> str:
    return "" if np.isnan(mean) else f"{mean:.3f} ± {spread:.3f}"


def surveys(folder: Path, books: Path, names: Sequence[str]) -> Iterator[Survey]:
    """Read the surveys, each by the ordinary reader."""
    for name in names:
        book = books / f"{name}.codebook.json" if TABLES[name] else None
        yield read_survey(folder / name / TABLES[name], codebook=book, name=name)


def summary(rows: pd.DataFrame) -> str:
    """The best embedder beside the majority, as one JSON object."""
    accuracy = rows.groupby("method", sort=False)["held-out answers"].mean()
    ours, peer = accuracy.drop(["majority", "best group majority"]).max(), accuracy["majority"]
    return closing_line("generality: best embedder, held-out answers", ours, peer, "macro accuracy")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("books", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--surveys", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--embedders", nargs="+", choices=sorted(embedders()), default=sorted(embedders()))
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if not given.quick and (given.folder is None or given.books is None):
        parser.error("give FOLDER and BOOKS, or --quick")
    chosen = [simulate(400)] if given.quick else surveys(given.folder, given.books, given.surveys)
    print(f"| survey | method | {' | '.join(COLUMNS)} |\n{'|---' * (len(COLUMNS) + 2)}|", flush=True)
    tables = []
    for survey in chosen:
        tables.append(measured(survey, given.embedders, 1 if given.quick else given.seeds))
        print(markdown(survey, tables[-1]), flush=True)
    print(summary(pd.concat(tables)))


if __name__ == "__main__":
    main()
