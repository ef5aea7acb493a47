"""How well do the embedders alone, without a language model, predict what people answered?

Peers: the majority answer, the published factorization, one vector per option. All are fitted on ``train`` and stop
early by its validation answers; respondents are then placed by all their answers in ``train``. Held-out answers
and unseen respondents are looked at once, here.

    python benchmarks/embedder_accuracy.py SURVEY [--codebook BOOK] [--waves W26 W41 W42 W49] [--seeds 0 1 2]
        [--held-out-questions 0.15] [--rows LightGCN]
    python benchmarks/embedder_accuracy.py --quick

SURVEY is read as ``personaspace fit`` reads it, such as the folder of OpinionQA; ``--quick`` takes a small simulated
survey instead. ``--rows`` measures only the embedders whose name in the table contains one of the words given. A seed
is that of the split and of the embedder. Prints a markdown table, means over the seeds: macro accuracy on held-out
answers with its least and greatest value, log-loss, expected calibration error, macro accuracy on unseen respondents of
whom K answers are known, and the seconds of fitting. Every respondent counts 1, whatever their survey weight. The last
line is one JSON object: the best embedder's accuracy beside the majority's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from shared.closing_line import closing_line
from shared.waves import of_waves

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.evaluation.measures.metrics import ece, log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.survey.split import Split

KNOWN = (0, 1, 5, 10, 20, 50, 100)
ROWS: dict[str, Callable[[int], Embedder]] = {
    "factorization, squared error, d=16": lambda seed: ps.Factorization(seed=seed),
    "the same in closed form": lambda seed: ps.Factorization(seed=seed, solver="alternating"),
    "factorization, one vector per option, d=16": lambda seed: ps.Factorization(seed=seed, loss="cross-entropy"),
    "the same by EM, d=32": lambda seed: ps.Factorization(
        dim=32, seed=seed, loss="cross-entropy", solver="alternating"
    ),
    "LightGCN, d=128": lambda seed: ps.LightGCN(seed=seed),
    "autoencoder, d=256": lambda seed: ps.Autoencoder(seed=seed),
    "EASE, d=256": lambda _: ps.EASE(),
    "Gaussian, d=128": lambda _: ps.Gaussian(),
    "committee, d=832": lambda seed: ps.Committee(seed=seed),
    "LightGCN, traits as questions": lambda seed: ps.LightGCN(seed=seed, traits_as_questions=True),
    "committee, traits as questions": lambda seed: ps.Committee(seed=seed, traits_as_questions=True),
}


def held_out(predictions: Predictions) -> list[float]:
    """Macro accuracy, log-loss, calibration error, every respondent counting 1."""
    ones = np.ones(len(predictions.weight))
    return [float(metric(predictions, ones)) for metric in (macro_accuracy, log_loss, ece)]


def majority_row(parts: Split) -> list[float]:
    """What the majority answer achieves."""
    unseen = held_out(majority(parts.train, parts.unseen_held_out))[0]
    return [*held_out(majority(parts.train, parts.held_out_answers)), *[unseen] * len(KNOWN), 0.0]


def embedder_row(embedder: Embedder, parts: Split) -> list[float]:
    """What one embedder achieves, which is fitted here."""
    start = time.perf_counter()
    embedder.fit(parts.train)
    seconds = time.perf_counter() - start
    own = held_out(embedder_alone(embedder, embedder.embed(parts.train), parts.held_out_answers))
    unseen = (embedder_alone(embedder, embedder.embed(parts.known(k)), parts.unseen_held_out) for k in KNOWN)
    return [*own, *(held_out(predictions)[0] for predictions in unseen), seconds]


def cells(values: Sequence[Sequence[float]]) -> str:
    """A row of the table from one list of measurements per seed."""
    accuracy, *means = np.mean(values, axis=0)
    low, high = np.min(values, axis=0)[0], np.max(values, axis=0)[0]
    return " | ".join(
        [f"{accuracy:.4f} ({low:.4f} to {high:.4f})", *(f"{x:.3f}" for x in means[:-1]), f"{means[-1]:.0f}"]
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("survey", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--codebook")
    parser.add_argument("--rows", nargs="+", default=[""])
    parser.add_argument("--waves", nargs="*", default=[])
    parser.add_argument("--held-out-questions", type=float, default=0.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    if options.quick:
        survey = ps.simulate(respondents=300)
    else:
        survey = ps.read_survey(options.survey, codebook=options.codebook)
    survey = of_waves(survey, options.waves) if options.waves else survey
    seeds = options.seeds[:1] if options.quick else options.seeds
    splits = [ps.split(survey, held_out_questions=options.held_out_questions, seed=seed) for seed in seeds]
    header = ["", "held-out answers", "log-loss", "ECE", *(f"unseen, K={k}" for k in KNOWN), "fit, s"]
    print(survey, f"{len(splits[0].train.questions)} questions seen", f"seeds {seeds}", sep=", ")
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    rows = {"majority": [majority_row(parts) for parts in splits]}
    print(f"| majority | {cells(rows['majority'])} |", flush=True)
    for name, make in ((name, make) for name, make in ROWS.items() if any(word in name for word in options.rows)):
        rows[name] = [embedder_row(make(seed), parts) for seed, parts in zip(seeds, splits, strict=True)]
        print(f"| {name} | {cells(rows[name])} |", flush=True)
    means = {name: float(np.mean(values, axis=0)[0]) for name, values in rows.items()}
    best = max(means, key=lambda name: means[name])
    print(closing_line(f"held-out answers: {best}", means[best], means["majority"], "macro accuracy"))


if __name__ == "__main__":
    main()
