"""How well do the embedders alone, without a language model, predict what people answered?

Peers: the majority answer, the published factorisation, one vector per option, LightGCN. All are fitted on ``train``
and stop early by the answers set apart there; held-out answers and unseen respondents are looked at once, here.

    python benchmarks/embedder_accuracy.py FOLDER [--waves W26 W41 W42 W49] [--held-out-questions 0.15] [--seed 0]
    python benchmarks/embedder_accuracy.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a small simulated survey instead. Prints a markdown table: macro accuracy
(and log-loss) on held-out answers, macro accuracy on unseen respondents of whom K answers are known, and the seconds
that fitting and placing the unseen ones (K=20) took. Every respondent counts 1, whatever their survey weight.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import make_embedder
from personaspace.evaluation.baselines import embedder_alone, majority
from personaspace.evaluation.metrics import log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.readers import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey

KNOWN = (0, 1, 5, 20, 100)
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "factorization, squared error, d=16": ("factorization", {}),
    "factorization, squared error, alternating, d=16": ("factorization", {"solver": "alternating"}),
    "factorization, one vector per option, d=16": ("factorization", {"loss": "cross-entropy"}),
    "LightGCN, d=128": ("lightgcn", {}),
}


def scores(predictions: Predictions) -> tuple[str, str]:
    """Macro accuracy and log-loss, every respondent counting 1."""
    ones = np.ones(len(predictions.weight))
    return f"{macro_accuracy(predictions, ones):.3f}", f"{log_loss(predictions, ones):.3f}"


def majority_row(parts: Split) -> list[str]:
    """Cells of the majority answer."""
    unseen, _ = scores(majority(parts.train, parts.unseen_held_out))
    return [*scores(majority(parts.train, parts.held_out_answers)), *[unseen] * len(KNOWN), "", ""]


def embedder_row(embedder: Embedder, parts: Split) -> list[str]:
    """Cells of one embedder, which is fitted here."""
    start = time.perf_counter()
    embedder.fit(parts.train)
    fitted = time.perf_counter()
    embedder.embed(parts.known(20))
    placed = time.perf_counter()
    held_out = scores(embedder_alone(embedder, embedder.respondents_, parts.held_out_answers))
    unseen = [embedder_alone(embedder, embedder.embed(parts.known(k)), parts.unseen_held_out) for k in KNOWN]
    accuracies = [scores(predictions)[0] for predictions in unseen]
    return [*held_out, *accuracies, f"{fitted - start:.0f}", f"{placed - fitted:.1f}"]


def of_waves(survey: Survey, waves: Sequence[str]) -> Survey:
    """The questions of some waves, named at the end of their ids, and those who answered any."""
    questions = [j for j, question in enumerate(survey.questions) if question.id.rsplit("_", 1)[-1] in waves]
    part = survey.select(questions=questions)
    return part.select(respondents=np.unique(part.answers.respondent))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--waves", nargs="*", default=[])
    parser.add_argument("--held-out-questions", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    survey = simulate(respondents=500) if options.quick else read_survey(options.folder)
    survey = of_waves(survey, options.waves) if options.waves else survey
    parts = split(survey, held_out_questions=options.held_out_questions, seed=options.seed)
    header = ["", "held-out answers", "log-loss", *(f"unseen, K={k}" for k in KNOWN), "fit, s", "place, s"]
    print(survey, f"{len(parts.train.questions)} questions seen", sep=", ")
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    print(f"| majority | {' | '.join(majority_row(parts))} |", flush=True)
    for name, (kind, settings) in ROWS.items():
        cells = embedder_row(make_embedder(kind, seed=options.seed, **settings), parts)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
