"""What does each design choice of steering change, and how far do methods without a language model go?

``placement``: virtual tokens before or after the question, as a prefix or as a prompt, for the informed soft-prompting
model and for the published one (arXiv 2311.04978: 1 token, 32 hidden units), at equal training pairs and at equal
training time. ``design``: soft-prompting models, and the informed one with one thing changed at a time, at equal pairs,
beside methods without a language model.

    python benchmarks/steering_ablations.py FOLDER --table placement --seeds 0 --out ROWS.jsonl
    python benchmarks/steering_ablations.py FOLDER --table design --seeds 0 1 2 --out ROWS.jsonl
    python benchmarks/steering_ablations.py --print ROWS.jsonl
    python benchmarks/steering_ablations.py --quick

FOLDER holds OpinionQA; without it a simulated survey is taken. A seed is that of the split, the embedder (LightGCN) and
the steering of ``nano``. Each row is written as soon as it is measured, and not measured again if it is there, so that
a run goes on where it ended and several processes with other seeds or tables share a file. Nothing is chosen here but
with ``--inner``, which splits the training answers once more and never looks at the others.

Of every evaluation set at most ``--answers`` are predicted, the same for all rows; the temperature is fitted on at most
2,000 validation answers, and the weights are those at the end of an epoch. Accuracy is per respondent (macro).
Training time is the processor's, of the steps alone, one thread. For the rows at equal time the number of pairs is what
the same model managed a second in the row at equal pairs, so that the learning rate knows where it ends; the time it
then took stands beside it. Where a survey has fewer pairs they are seen again. What has no setting is switched off by
setting a constant of the library meanwhile: ``examples.LEFT_OUT`` (leave-one-out prior features),
``TextFeatures.of`` (the frozen model's states in the kernel); cross-fitting by an embedder that does not embed.

The last line is one JSON object: accuracy on held-out questions, the informed model (ours) and the best method without
a language model (peer).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from shared.closing_line import closing_line, hardware
from shared.steering_trials import CHECKED, METRICS, SETS, WORDS_ONLY, Cells, Ground, Trial

import personaspace as ps
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.informed import Informed
from personaspace.steer.soft_prompts.registry import soft_prompt_settings
from personaspace.steer.training import examples

PUBLISHED = Trial("mlp (published)", "mlp", tokens=1)
INFORMED = Trial("informed")
DESIGN = (
    PUBLISHED,
    Trial("linear", "linear"),
    Trial("transformer", "transformer"),
    Trial("question-aware", "question-aware"),
    INFORMED,
    Trial("informed, not started from the prior", changes=((Informed, "added", SoftPrompt.added),)),
    Trial("informed, no cross-fitting", cross_fitted=False),
    Trial("informed, no leave-one-out", changes=((examples, "LEFT_OUT", 0.0),)),
    Trial("informed, kernel without states", changes=(WORDS_ONLY,)),
    Trial("informed, hidden 128", soft_prompt_settings("informed", hidden=128)),
    Trial("informed, hidden 256", soft_prompt_settings("informed", hidden=256)),
    Trial("informed, 1 token", tokens=1),
    Trial("informed, 8 tokens", tokens=8),
    Trial("informed, 20 tokens", tokens=20),
    Trial("informed, prompt form", form="prompt"),
)
PLACEMENT = tuple(
    Trial(f"{base.name}, {placement}, {form}", base.soft_prompt, base.tokens, placement, form)  # type: ignore[arg-type]
    for base, placement, form in product((INFORMED, PUBLISHED), ("before", "after"), ("prefix", "prompt"))
)
AT = (SETS[0], SETS[2])
TABLES = ("placement", "design")
KEY = ["survey", "answers", "table", "budget", "row"]
COLUMNS = ["pairs", "seconds", "pairs/s", *(f"{at}: {metric}" for at in SETS for metric in METRICS)]
CLOSING = f"{SETS[2]}: accuracy"

Work = tuple[str, str, Callable[[], Cells]]


class Rows:
    """The rows of a file, which others may be adding to.

    Args:
        path: JSON lines.
        about: What all rows of this process have in common.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path, self.about = path, about

    def find(self, budget: str, row: str) -> dict[str, Any] | None:
        """A row of this table and seed that has been measured."""
        wanted = self.about | {"budget": budget, "row": row}
        return next((found for found in read(self.path) if wanted.items() <= found.items()), None)

    def ensure(self, budget: str, row: str, measure: Callable[[], Cells]) -> dict[str, Any]:
        """The row, measured and written unless it is there."""
        if (found := self.find(budget, row)) is not None:
            return found
        cells = measure()
        if "seconds" in cells:
            cells["pairs/s"] = cells["pairs"] / max(cells["seconds"], 1e-9)
        made = self.about | {"budget": budget, "row": row} | {k: float(f"{v:.6g}") for k, v in cells.items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(made) + "\n")
        return made


def read(path: Path) -> list[dict[str, Any]]:
    """All rows of a file, none if there is none."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def placement(ground: Ground, rows: Rows, pairs: int, seconds: float) -> None:
    """Every place and form at so many pairs, and for so many seconds."""
    for trial in PLACEMENT:
        same = rows.ensure(f"{pairs} pairs", trial.name, partial(ground.measure, trial, pairs, AT))
        timed = max(1, round(seconds * same["pairs/s"]))
        rows.ensure(f"{seconds:g} s", trial.name, partial(ground.measure, trial, timed, AT))


def design(ground: Ground, rows: Rows, pairs: int) -> None:
    """Every soft-prompting model and choice at so many pairs, and what needs none."""
    for name, measure in ground.baselines().items():
        rows.ensure(f"{pairs} pairs", name, measure)
    for trial in DESIGN:
        rows.ensure(f"{pairs} pairs", trial.name, partial(ground.measure, trial, pairs))


def markdown(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A table for each budget: means over the seeds, and from the least to the most where there are several."""
    frame = pd.DataFrame(rows)
    for (survey, answers, table, budget), part in frame.groupby(KEY[:-1], sort=False):
        seeds = ", ".join(map(str, sorted(part["seed"].unique())))
        yield f"\n{survey}, {table}, {budget}; seeds {seeds}; up to {answers} answers of each evaluation set\n"
        columns = [name for name in COLUMNS if name in part and part[name].notna().any()]
        yield f"| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}"
        for name, found in part.groupby("row", sort=False):
            yield f"| {name} | {' | '.join(cell(found[column]) for column in columns)} |"


def cell(values: pd.Series[float]) -> str:
    """Mean, least and most."""
    values = values.dropna()
    if values.empty:
        return ""
    places = 3 if values.max() < 5 else 0
    shown = [f"{value:.{places}f}" for value in (values.mean(), values.min(), values.max())]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]} to {shown[2]})"


def report(rows: list[dict[str, Any]]) -> None:
    """Print the tables, and the JSON line if the design was measured."""
    for line in markdown(rows):
        print(line)
    print(f"\n{hardware()}")
    means = pd.DataFrame([row for row in rows if row["table"] == "design"])
    if len(means):
        accuracy = means.groupby("row")[CLOSING].mean()
        peers = accuracy.drop([trial.name for trial in DESIGN], errors="ignore").dropna()
        name = f"{CLOSING}, informed beside {peers.idxmax()}"
        print(closing_line(name, accuracy[INFORMED.name], peers.max(), "macro accuracy"))


def main() -> None:
    """Measure what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="OpinionQA; a simulated survey if not given")
    parser.add_argument("--table", choices=TABLES, nargs="+", default=list(TABLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--pairs", type=int, help="to train on (8000 for placement, 60000 for design)")
    parser.add_argument("--seconds", type=float, default=150.0, help="of training, for placement")
    parser.add_argument("--answers", type=int, default=8000)
    parser.add_argument("--inner", action="store_true", help="split the training answers again: for choosing defaults")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--print", type=Path, dest="shown", help="only print the tables of these rows")
    parser.add_argument("--quick", action="store_true", help="the design table on a small simulated survey")
    given = parser.parse_args()
    if given.shown:
        report(read(given.shown))
        return
    torch.set_num_threads(1)
    pairs = {"placement": given.pairs or 8000, "design": given.pairs or 60000}
    seeds, seconds, answers = given.seeds, given.seconds, given.answers
    if given.quick:
        pairs, seeds, seconds, answers = dict.fromkeys(TABLES, 64), [0], 0.2, 60
    out = given.out or Path(tempfile.mkdtemp()) / "rows.jsonl"
    survey = ps.read_survey(given.folder) if given.folder else ps.simulate(respondents=80 if given.quick else 1000)
    model = LanguageModel.load("nano")
    for seed in seeds:
        part = ps.split(survey, seed=seed).train if given.inner else survey
        ground = Ground(part, model, seed, answers, min(answers, CHECKED))
        for table in ("design",) if given.quick else given.table:
            name = f"{survey.name}, its training answers" if given.inner else survey.name
            rows = Rows(out, {"survey": name, "answers": answers, "table": table, "seed": seed})
            if table == "placement":
                placement(ground, rows, pairs[table], seconds)
            else:
                design(ground, rows, pairs[table])
    report(read(out))


if __name__ == "__main__":
    main()
