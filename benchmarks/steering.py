"""How fast does steering learn and answer beside a straightforward loop of PEFT, and how far from the machine's limit?

Peers: ``peft.PrefixTuningConfig`` and ``PromptTuningConfig`` (``pip install personaspace[bench]``) trained as their
documentation shows it: shuffled, padded batches of respondent x question pairs, ``model(**batch).loss``, AdamW; of
three batch sizes the quickest. Ours makes every respondent's own tokens, the peer one set for all, so ours does more.
For scoring the peer is ``model(ids).logits`` under ``inference_mode``, one pass a pair, and the same in batches.

    OMP_NUM_THREADS=1 python benchmarks/steering.py FOLDER [--models nano gpt-neo-125m llama-135m] [--repeats 5]
    python benchmarks/steering.py --quick

FOLDER holds OpinionQA, of which 48 questions and 2,000 respondents are drawn; ``--quick`` takes a simulated survey and
``nano`` in prefix form alone. The other two models have the shape of common ones and random weights. Contestants take
turns, so that whatever else the machine does slows all alike: medians over the repeats, of ratios too. Peak memory is
that of a process which does only this. *Share of the limit*: multiply-adds of a pair x 2 over its time, beside the rate
of a large fp32 matrix product in the same repeat. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from shared.closing_line import closing_line, hardware
from shared.frozen_models import MODELS, frozen_model
from shared.peak_memory import peak_memory_mb
from shared.steering_contestants import (
    matrix_rate,
    operations,
    peft_training,
    scoring,
    steered,
    training,
    work_alone,
)
from shared.turns import Rates

import personaspace as ps
from personaspace.survey.storage import load_survey, write_survey

HEADER = ("training", "pairs/s", "times PEFT", "share of the limit", "peak memory, MB")
NOTHING = "nothing"


class Comparison:
    """One model, ours and PEFT's.

    Args:
        model: Its name.
        survey: What is learned.
        forms: ``prefix``, ``prompt`` or both.
        repeats: Turns of every contestant.
        seconds: Of one turn.
    """

    def __init__(self, model: str, survey: ps.Survey, forms: list[str], repeats: int, seconds: float) -> None:
        self.model, self.survey, self.forms = model, survey, forms
        names = [" ".join(pair) for pair in product(("after", "before"), forms)]
        self.ours = {name: steered(frozen_model(model), name) for name in names}
        contestants = {name: training(lm, survey) for name, lm in self.ours.items()}
        self.batches = {}
        for form in forms:
            name = f"PEFT {form}"
            self.batches[name], contestants[name] = peft_training(model, survey, form, seconds)
        self.rates = Rates(contestants | {"matrix": matrix_rate()}, repeats, seconds)
        self.scores = Rates(scoring(self.ours["after prefix"], survey), repeats, seconds)

    def print_tables(self, sample: Path | None) -> None:
        """Training, then scoring; peak memory if there is a folder with what is learned."""
        rates = self.rates
        print(f"\n{self.model}: {hardware()}; matrix products at {rates.median('matrix') / 1e9:.0f} GFLOP/s\n")
        print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
        for name, lm in self.ours.items():
            share = operations(lm, self.survey) * rates.ratio(name, "matrix")
            ratio = rates.ratio(name, f"PEFT {name.split()[1]}")
            self._row(name, rates.median(name), ratio, share, sample)
        for name, batches in self.batches.items():
            self._row(name, rates.median(name), 1, None, sample, f", {batches}")
        print(f"| only the model in memory | | | | {peak_memory(self.model, NOTHING, sample)} |")
        print("\n| scoring, prefix | pairs/s | times the plain loop |\n|---|---|---|")
        for name in self.scores.of:
            ratio = self.scores.ratio(name, "PEFT, pair by pair")
            print(f"| {name} | {self.scores.median(name):.4g} | {ratio:.1f} |")

    def _row(
        self, name: str, rate: float, ratio: float, share: float | None, sample: Path | None, note: str = ""
    ) -> None:
        cells = (f"{name}{note}", f"{rate:.4g}", f"{ratio:.1f}", "" if share is None else f"{share:.0%}")
        print(f"| {' | '.join(cells)} | {peak_memory(self.model, name, sample)} |", flush=True)

    def targets(self) -> dict[str, tuple[float, float, float]]:
        """Ours, PEFT's, and the ratio, for what is promised."""
        compared = {
            "training, after": (self.rates, "after prefix", "PEFT prefix"),
            "training, before": (self.rates, "before prefix", "PEFT prefix"),
            "scoring": (self.scores, "after", "PEFT, pair by pair"),
        }
        return {
            name: (rates.median(one), rates.median(other), rates.ratio(one, other))
            for name, (rates, one, other) in compared.items()
        }


def peak_memory(model: str, name: str, sample: Path | None) -> str:
    """Megabytes of a process that does only this."""
    if sample is None:
        return ""
    command = [sys.executable, __file__, "--sample", str(sample), "--models", model, "--alone", name]
    found = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return f"{float(found.stdout.split()[-1]):.0f}"


def drawn(survey: ps.Survey, questions: int, respondents: int) -> ps.Survey:
    """A part of a survey, drawn at random."""
    rng = np.random.default_rng(0)
    columns = np.sort(rng.permutation(len(survey.questions))[:questions])
    part = survey.select(questions=columns)
    rows = np.unique(part.answers.respondent)
    return part.select(respondents=np.sort(rng.permutation(rows)[:respondents]))


def main() -> None:
    """Print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    source.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--forms", nargs="+", choices=("prefix", "prompt"), default=["prefix", "prompt"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        work_alone(given.models[0], given.alone, load_survey(given.sample))
        print(peak_memory_mb())
        return
    survey = drawn(ps.simulate(1000) if given.quick else ps.read_survey(given.folder), 48, 2000)
    print(survey)
    models, forms, repeats, seconds = given.models, given.forms, given.repeats, given.seconds
    if given.quick:
        models, forms, repeats, seconds = ["nano"], ["prefix"], 1, 2.0
    found = {}
    with tempfile.TemporaryDirectory() as sample:
        write_survey(survey, sample)
        for model in models:
            comparison = Comparison(model, survey, forms, repeats, seconds)
            comparison.print_tables(None if given.quick else Path(sample))
            found[model] = comparison.targets()
    print("\n| model | | ours | PEFT | ratio |\n|---|---|---|---|---|")
    for model, targets in found.items():
        for name, (ours, peer, ratio) in targets.items():
            print(f"| {model} | {name} | {ours:.4g} | {peer:.4g} | {ratio:.1f} |")
    ours, peer, _ = found[models[0]]["training, after"]
    print(closing_line(f"steering {models[0]} after the question, beside PEFT prefix tuning", ours, peer, "pairs/s"))


if __name__ == "__main__":
    main()
