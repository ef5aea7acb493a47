"""What do calibration, averaging over phrasings and the strength of steering do to answers?

Question: on held-out answers and on held-out questions, how accurate and how well calibrated is the steered model as it
was trained; with its temperature fitted on the validation answers; averaged over two orders of the options; over two
label alphabets; at other strengths? And how much do its answers depend on order and labels?

    python benchmarks/robustness.py FOLDER [--waves W42] [--respondents 1000] [--epochs 2]
    python benchmarks/robustness.py --quick

Prints accuracy per respondent (macro), log-loss and calibration error (ECE). The last line is one JSON object: log-loss
on held-out questions averaged over two orders (ours) and without calibration and averaging (peer).
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from shared.closing_line import closing_line
from shared.waves import of_waves

from personaspace.embedding.registry import make_embedder
from personaspace.evaluation.measures.metrics import ece, log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import majority
from personaspace.evaluation.rows.language_model_rows import individual
from personaspace.newquestions.poll import sensitivity
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskOptions, AskSettings
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

VARIANTS: dict[str, AskOptions] = {
    "as trained": {},
    "calibrated": {},
    "calibrated, 2 orders": {"orders": 2},
    "calibrated, 2 alphabets": {"alphabets": ("ABC", "123")},
    "calibrated, strength 0 (base model)": {"strength": 0.0},
    "calibrated, strength 0.5": {"strength": 0.5},
    "calibrated, strength 1.5": {"strength": 1.5},
}


def measured(predictions: Predictions) -> list[float]:
    """Macro accuracy, log-loss and calibration error."""
    return [float(np.asarray(metric(predictions)).ravel()[0]) for metric in (macro_accuracy, log_loss, ece)]


def dependence(lm: SteeredLM, vectors: Vectors, test: Survey, settings: AskSettings) -> tuple[float, float]:
    """Mean total variation between phrasings, and share of changed top options, over respondents and questions."""
    tables = []
    for question in test.questions:
        phrased = lm.outcomes(vectors, question, settings)
        if (table := sensitivity(phrased, pd.RangeIndex(len(vectors)))) is not None:
            tables.append(table)
    apart = [table["total_variation"].mean() for table in tables]
    return float(np.mean(apart)), float(np.mean([table["top_changes"].mean() for table in tables]))


def main() -> None:
    """Print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--waves", nargs="*", default=[])
    parser.add_argument("--respondents", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    survey = simulate(respondents=80) if options.quick else read_survey(options.folder)
    survey = of_waves(survey, options.waves) if options.waves else survey
    rng = np.random.default_rng(options.seed)
    survey = survey.select(respondents=np.sort(rng.permutation(len(survey.respondents))[: options.respondents]))
    parts = split(survey, unseen_respondents=0, seed=options.seed)
    embedder = make_embedder("lightgcn", seed=options.seed).fit(parts.train)
    lm = SteeredLM("nano", settings=TrainSettings(epochs=options.epochs, seed=options.seed)).fit(parts.train, embedder)
    temperature = lm.temperature_
    print(f"{survey!r}, {len(lm.history_)} checks, temperature {temperature:.3f}\n")
    print("| | held-out answers | | | held-out questions | | |\n|---|---|---|---|---|---|---|")
    print("| | accuracy | log-loss | ECE | accuracy | log-loss | ECE |")
    sets = [parts.held_out_answers, parts.held_out_questions]
    rows = {"majority": [value for test in sets for value in measured(majority(parts.train, test))]}
    for name, how in VARIANTS.items():
        lm.temperature_ = 1.0 if name == "as trained" else temperature
        rows[name] = [value for test in sets for value in measured(individual(lm, embedder.respondents_, test, **how))]
    for name, values in rows.items():
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |", flush=True)
    some = embedder.respondents_[:: max(1, len(embedder.ids_) // 100)]
    print("\n| questions | between | total variation | top option changes |\n|---|---|---|---|")
    for label, test in zip(("in training", "held out"), (parts.train, parts.held_out_questions), strict=True):
        few = test.select(questions=np.arange(len(test.questions))[:: max(1, len(test.questions) // 20)])
        for what, settings in (("orders", AskSettings(orders=2)), ("alphabets", AskSettings(alphabets=("ABC", "123")))):
            apart, changed = dependence(lm, some, few, settings)
            print(f"| {label} | {what} | {apart:.3f} | {changed:.1%} |", flush=True)
    ours, peer = rows["calibrated, 2 orders"][4], rows["as trained"][4]
    print(closing_line("log-loss on held-out questions", ours, peer, "nats", less_is_better=True))


if __name__ == "__main__":
    main()
