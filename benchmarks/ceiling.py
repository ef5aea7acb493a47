"""How do predictions compare with how consistently people answer the same question twice?

The General Social Survey interviewed 1,823 people in 2016 or 2018 and again in 2020. Embedders are fitted on the first
interviews of all 5,215 people; of the held-out answers those to opinion questions are predicted that the same person
answered again in 2020. The row "own answer, asked again" predicts each by the person's second answer: people's
consistency. Two or four years passed, so that changes of mind are in it beside carelessness.

Consistency is a yardstick and no upper bound. Who answers a question with probabilities p agrees with themselves in
sum p^2 of all cases, and somebody who knows p is right in max p, which is never less.

    python benchmarks/ceiling.py FOLDER [--embedders lightgcn committee] [--seeds 3]
    python benchmarks/ceiling.py --quick

FOLDER holds first_interview.csv.gz, reinterview_2020.csv.gz and questions.json. What counts as an opinion is in
capitals below. Prints a markdown table: accuracy (per respondent) and its share of people's consistency, with 95%
intervals by bootstrap over respondents, paired for the shares; values and ends of intervals are means over seeds.
``--quick`` takes a simulated survey, three in ten of whose answers are changed at the second interview. The last line
is one JSON object: the best embedder beside the majority, as shares of people's consistency.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from codebooks import gss
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.embedding.registry import embedders, make_embedder
from personaspace.evaluation.retest import SHARE_OF_RETEST

OPINIONS = {
    "Abortion", "Affirmative Action", "Aged", "Asian Americans", "Birth Control", "Blacks", "Business",
    "Capital Punishment", "Children", "Civil Liberties", "Confidence", "Courts", "Crime", "Divorce",
    "Drug Use And Addiction", "Education", "Environment", "Euthanasia", "Federal Government", "Foreign Affairs",
    "Gays And Lesbians", "Guns", "Hispanics", "Immigration", "Inequality, Income", "Marijuana", "People", "Police",
    "Prayer In School", "Race", "Religion", "Sex", "Split Ballots", "Suicide", "Whites", "Women",
}  # fmt: skip
"""Subjects, as the survey's documentation calls them, whose questions ask for an opinion or a belief."""
NO_OPINIONS = {
    "dipged", "divorce", "fear", "form", "kidssol", "owngun", "pistol", "pray", "raclive", "racwork", "reborn",
    "relactiv", "rifle", "rowngun", "savesoul", "shotgun", "spdeg", "spdipged",
}  # fmt: skip
"""Questions of these subjects that ask for a fact or for what somebody does."""
MEASURES = {"macro_accuracy": "accuracy", SHARE_OF_RETEST: "share of own consistency"}
CHANGED = 0.3


def interviews(folder: Path) -> tuple[ps.Survey, ps.Survey]:
    """The first interviews, and what the same people answered to opinion questions in 2020."""
    book = gss(folder)
    first = ps.read_survey(folder / "first_interview.csv.gz", codebook=book, name="General Social Survey")
    again = ps.read_survey(folder / "reinterview_2020.csv.gz", codebook=book, name="reinterview 2020")
    asked = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    opinions = [
        question.id
        for question in again.questions
        if asked[question.id]["n_2020"]
        and OPINIONS & set(asked[question.id]["subject"] or [])
        and question.id not in NO_OPINIONS
    ]
    return first, again.select(questions=opinions)


def simulated() -> tuple[ps.Survey, ps.Survey]:
    """A simulated survey, and the same answers three in ten of which became the next option."""
    first = ps.simulate(respondents=300, seed=0)
    options = np.diff(first.offsets)[first.answers.question]
    moved = (first.answers.option + (np.random.default_rng(0).random(len(options)) < CHANGED)) % options
    return first, replace(first, answers=replace(first.answers, option=moved), name="again")


def measured(first: ps.Survey, again: ps.Survey, names: Sequence[str], seeds: int) -> pd.DataFrame:
    """Rows of the results of every seed; the best trait's majority alone of all traits."""
    tables = []
    for seed in range(seeds):
        parts = ps.split(first, held_out_questions=0, unseen_respondents=0, seed=seed)
        for name in names:
            space = make_embedder(name, seed=seed).fit(parts.train)
            rows = "majority,group-majority,embedder-alone" if name == names[0] else "embedder-alone"
            results = ps.evaluate(None, space, parts, retest=again, rows=rows)
            kept = results.summary().index
            table = results.table[~results.table["weighted"]]
            tables.append(table[table["method"].isin(kept) & table["metric"].isin(MEASURES)].assign(seed=seed))
            print(f"seed {seed}, {name}: done", file=sys.stderr, flush=True)
    every = pd.concat(tables).drop_duplicates(["seed", "method", "metric"])
    best = every["method"].str.replace(r"^group majority: .*", "best group majority", regex=True)
    return every.assign(method=best)


def markdown(rows: pd.DataFrame) -> str:
    """Methods in rows, best last; accuracy and share of people's consistency in columns."""
    means = rows.groupby(["method", "metric"])[["value", "low", "high"]].mean()
    order = means.xs("macro_accuracy", level="metric")["value"].sort_values().index
    lines = [f"| | {' | '.join(MEASURES.values())} |", "|---" * (len(MEASURES) + 1) + "|"]
    for method in order:
        found = [means.loc[method, metric] if (method, metric) in means.index else None for metric in MEASURES]
        cells = ["" if at is None else f"{at['value']:.3f} [{at['low']:.3f}, {at['high']:.3f}]" for at in found]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--embedders", nargs="+", choices=sorted(embedders()), default=["lightgcn", "committee"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if not given.quick and given.folder is None:
        parser.error("give FOLDER, or --quick")
    first, again = simulated() if given.quick else interviews(given.folder)
    names, seeds = (["factorization"], 1) if given.quick else (given.embedders, given.seeds)
    rows = measured(first, again, names, seeds)
    people, answers = (rows.groupby("seed")[name].first() for name in ("respondents", "answers"))
    print(f"{first}; {again}")
    print(
        f"measured on {answers.min():,} to {answers.max():,} answers of {people.min():,} to {people.max():,} people\n"
    )
    print(markdown(rows), end="\n\n")
    shares = rows[rows["metric"] == SHARE_OF_RETEST].groupby("method")["value"].mean()
    ours = shares[shares.index.str.startswith("embedder alone")].max()
    print(closing_line("share of people's own consistency", ours, shares["majority"], "share"))


if __name__ == "__main__":
    main()
