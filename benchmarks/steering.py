"""How fast does steering learn and answer beside a straightforward loop of PEFT, and how far from the machine's limit?

Peers: ``peft.PrefixTuningConfig`` and ``PromptTuningConfig`` (``pip install personaspace[bench]``) trained as their
documentation shows it: shuffled, padded batches of respondent x question pairs, ``model(**batch).loss``, AdamW; of
several batch sizes the quickest. Ours makes every respondent's own tokens, the peer one set for all, so ours does more.
For scoring the peer is ``model(ids).logits`` under ``inference_mode``, one pass a pair, and the same in batches.

    OMP_NUM_THREADS=1 python benchmarks/steering.py FOLDER [--models nano gpt-neo-125m llama-135m] [--rounds 5]
    python benchmarks/steering.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a simulated survey and ``nano``. 48 questions and 2,000 respondents are drawn.
The other two models have the shape of common ones and random weights. Steps are timed in turns, so that whatever else
the machine does slows all alike: medians over the rounds, of ratios too. Peak memory is that of a process which does
only this. *Share of the limit*: multiply-adds of a pair x 2, over the rate of a large matrix product measured in the
same rounds. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from shared.closing_line import closing_line, hardware
from shared.frozen_models import MODELS, frozen_model
from shared.peak_memory import peak_memory_mb
from torch.utils.flop_counter import FlopCounterMode

import personaspace as ps
from personaspace.steer.language_model import LanguageModel
from personaspace.survey.early_stopping import early_stopping
from personaspace.survey.storage import load_survey, write_survey

OURS = ("after prefix", "after prompt", "before prefix", "before prompt")
FORMS = ("prefix", "prompt")
PEERS = tuple(f"PEFT {form}" for form in FORMS)
BATCHES, POINTS, DIM = (4, 8, 16, 32), 512, 128
HEADER = ("training", "pairs/s", "times PEFT", "share of the limit", "peak memory, MB")

Measure = Callable[[float], float]
"""Runs for about so many seconds and returns how much was done a second."""


class Enough(Exception):  # noqa: N818
    """Training was watched for long enough."""


class Points:
    """A space of random points: speed does not depend on where they lie."""

    def __init__(self, survey: ps.Survey) -> None:
        self.ids_ = survey.respondents
        self.respondents_ = np.random.default_rng(0).normal(size=(len(self.ids_), DIM)).astype(np.float32)


def settings(model: str, placement: str) -> ps.TrainSettings:
    """Those of a user; steps of the larger models are cut short to be timed in turns."""
    if model == "nano":
        return ps.TrainSettings(epochs=1, checks=1)
    respondents, questions = (64, 4) if placement == "after" else (8, 1)
    return ps.TrainSettings(epochs=1, checks=1, respondents=respondents, questions=questions)


def steered(model: LanguageModel, way: str) -> ps.SteeredLM:
    """Our contestant, not fitted."""
    placement, form = way.split()
    name = model.name if model.name in MODELS else "nano"
    return ps.SteeredLM(model, form=form, placement=placement, settings=settings(name, placement))  # type: ignore[arg-type]


def training(lm: ps.SteeredLM, survey: ps.Survey) -> Measure:
    """Pairs a second that ``fit`` trains on."""
    pairs = int((~early_stopping(survey)).sum())

    def measure(seconds: float) -> float:
        times: list[float] = []
        steps = 0

        def on_step(_: int, all_steps: int, *__: float) -> None:
            nonlocal steps
            steps = all_steps
            times.append(time.perf_counter())
            if times[-1] - times[0] > seconds:
                raise Enough

        with suppress(Enough):
            lm.fit(survey, Points(survey), on_step=on_step)
        return (len(times) - 1) * pairs / steps / (times[-1] - times[0])

    return measure


def repeated(work: Callable[[], int]) -> Measure:
    """How much a piece of work does a second, repeated."""

    def measure(seconds: float) -> float:
        done, start = work(), time.perf_counter()
        done = 0
        while time.perf_counter() - start < seconds:
            done += work()
        return done / (time.perf_counter() - start)

    return measure


def quickest(works: dict[str, Callable[[], int]], seconds: float) -> tuple[str, Measure]:
    """The quickest of several ways to do the same, found out once."""
    rates = {name: repeated(work)(seconds) for name, work in works.items()}
    name = max(rates, key=lambda key: rates[key])
    return name, repeated(works[name])


def peft_training(model: str, survey: ps.Survey, form: str, seconds: float) -> tuple[str, Measure]:
    """PEFT at the batch size at which it is quickest."""
    base = frozen_model(model)
    loop = PeftLoop(base.model, base.tokenizer, survey, form)
    return quickest({f"batches of {size}": lambda size=size: loop.step(size) for size in BATCHES}, seconds)  # type: ignore[misc]


def matrix_rate() -> Measure:
    """Multiply-adds a second in a large matrix product, times two."""
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)

    def product() -> int:
        torch.mm(left, right)
        return 2 * 1024**3

    return repeated(product)


def operations(lm: ps.SteeredLM, survey: ps.Survey) -> float:
    """Floating-point operations of the matrix products of one training pair, two a multiply-add."""
    question, vectors = survey.questions[0], torch.randn(64, DIM)
    from personaspace.steer.pairs import question_prompt
    from personaspace.steer.train import steered_logits

    reading = lm.model.read(question_prompt(question))
    with FlopCounterMode(display=False) as counter:
        logits = steered_logits(lm.model, lm.soft_prompt_, lm.attachment, reading, vectors, len(question.options))
        logits.sum().backward()  # type: ignore[no-untyped-call]
    return counter.get_total_flops() / len(vectors)


def in_turns(contestants: dict[str, Measure], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Everybody's rate in every round."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            rates[name].append(measure(seconds))
    return rates


def ratio(rates: dict[str, list[float]], one: str, other: str) -> float:
    """Median over the rounds."""
    return float(np.median(np.array(rates[one]) / np.array(rates[other])))


def alone(model: str, way: str, survey: ps.Survey) -> float:
    """Trains for a few steps and returns this process's peak memory in megabytes."""
    if way in PEERS:
        base = frozen_model(model)
        loop = PeftLoop(base.model, base.tokenizer, survey, way.split()[1])
        for _ in range(3):
            loop.step(8)
    elif way in OURS:
        training(steered(frozen_model(model), way), survey)(1.0)
    else:
        frozen_model(model)
    return peak_memory_mb()


def peak_memory(model: str, way: str, sample: Path) -> float:
    """Peak memory of a process of its own."""
    command = [sys.executable, __file__, "--sample", str(sample), "--models", model, "--alone", way]
    found = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return float(found.stdout.split()[-1])


def compare(model: str, survey: ps.Survey, sample: Path, rounds: int, seconds: float) -> dict[str, tuple[float, ...]]:
    """Print the tables of one model; ours, the peer's, and the ratio of each target."""
    ours = {way: steered(frozen_model(model), way) for way in OURS}
    contestants = {way: training(lm, survey) for way, lm in ours.items()}
    names = {}
    for form in CONFIGS:
        names[f"PEFT {form}"], contestants[f"PEFT {form}"] = peft_training(model, survey, form, seconds)
    rates = in_turns(contestants | {"matrix": matrix_rate()}, rounds, seconds)
    print(f"\n{model}: {hardware()}; matrix products at {np.median(rates['matrix']) / 1e9:.0f} GFLOP/s\n")
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for way in contestants:
        shown = [f"{way}, {names[way]}" if way in names else way, f"{np.median(rates[way]):.4g}"]
        if way in ours:
            share = operations(ours[way], survey) * np.median(np.array(rates[way]) / np.array(rates["matrix"]))
            shown += [f"{ratio(rates, way, f'PEFT {way.split()[1]}'):.1f}", f"{share:.0%}"]
        else:
            shown += ["", ""]
        print(f"| {' | '.join([*shown, f'{peak_memory(model, way, sample):.0f}'])} |", flush=True)
    print(f"| nothing but the model in memory | | | | {peak_memory(model, 'nothing', sample):.0f} |")
    scores = in_turns(scoring(ours["after prefix"], survey, model), rounds, seconds)
    print("\n| scoring, prefix | pairs/s | times the plain loop |\n|---|---|---|")
    for way, found in scores.items():
        print(f"| {way} | {np.median(found):.4g} | {ratio(scores, way, 'PEFT, pair by pair'):.1f} |", flush=True)
    found = {}
    for name, table, one, other in (
        ("training, after", rates, "after prefix", "PEFT prefix"),
        ("training, before", rates, "before prefix", "PEFT prefix"),
        ("scoring", scores, "after", "PEFT, pair by pair"),
    ):
        found[name] = (float(np.median(table[one])), float(np.median(table[other])), ratio(table, one, other))
    return found


def scoring(lm: ps.SteeredLM, survey: ps.Survey, model: str) -> dict[str, Measure]:
    """Ours for many points, the plain loop pair by pair and in batches; questions in turn."""
    base = frozen_model(model)
    loop = PeftLoop(base.model, base.tokenizer, survey)
    points = np.random.default_rng(1).normal(size=(POINTS, DIM)).astype(np.float32)
    turn = 0

    def next_question() -> int:
        nonlocal turn
        turn += 1
        return turn % len(survey.questions)

    def predict() -> int:
        return len(lm.predict(points, survey.questions[next_question()]))

    def plain(batch: int) -> int:
        question = next_question()
        return len(loop.score(question, len(survey.questions[question].options), batch))

    return {
        "after": repeated(predict),
        "PEFT, pair by pair": repeated(lambda: plain(1)),
        "PEFT, batches of 16": repeated(lambda: plain(16)),
    }


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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(alone(given.models[0], given.alone, load_survey(given.sample)))
        return
    survey = drawn(ps.simulate(1000) if given.quick else ps.read_survey(given.folder), 48, 2000)
    print(survey)
    models, rounds, seconds = (["nano"], 1, 0.5) if given.quick else (given.models, given.rounds, given.seconds)
    with tempfile.TemporaryDirectory() as folder:
        write_survey(survey, Path(folder))
        results = {model: compare(model, survey, Path(folder), rounds, seconds) for model in models}
    print("\n| model | | ours | PEFT | ratio |\n|---|---|---|---|---|")
    for model, found in results.items():
        for name, (ours, peer, times) in found.items():
            print(f"| {model} | {name} | {ours:.4g} | {peer:.4g} | {times:.1f} |")
    ours, peer, _ = results[models[0]]["training, after"]
    print(closing_line(f"steering {models[0]}, after, prefix, against PEFT prefix tuning", ours, peer, "pairs/s"))


if __name__ == "__main__":
    main()
