"""Is a pilot of the people whom ``pilot`` names worth more than one drawn at random? And a language model's reading?

    python benchmarks/whom_to_ask.py RUN [RUN ...] [--draws 2] [--features smollm2]
    python benchmarks/whom_to_ask.py --quick

For every held-out question of a fitted run, 400 of the respondents who answered it could be asked. Of these n are,
drawn at random, or chosen by :mod:`personaspace.newquestions.whom_to_ask`; all the others who answered are predicted.
Accuracy and log-loss of their answers, and the mean error of everybody's shares, all averaged over questions. With
``--features`` the question prior also knows that model's hidden states of the questions. The last line is one JSON
object: error of the shares at n=10, those chosen (ours) and those drawn (peer).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.newquestions.posterior import Posterior
from personaspace.newquestions.whom_to_ask import whom_to_ask
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.steer.model.prompts import question_prompt
from personaspace.survey.arrays import FloatArray
from personaspace.survey.lookup import positions
from personaspace.survey.question import Question

SIZES = (0, 5, 10, 20, 50)
POOL = 400
SHOWN = 1000
"""Respondents who stand for everybody where people are chosen."""
WAYS = ("drawn", "chosen")

Features = Callable[[Sequence[Question]], FloatArray]


def states_of(model: str) -> Features:
    """Hidden states of questions in a frozen language model, each read once."""
    lm, known = ps.LanguageModel.load(model), dict[tuple[str, ...], FloatArray]()

    @torch.no_grad()
    def read(questions: Sequence[Question]) -> FloatArray:
        for question in questions:
            if (key := _key(question)) not in known:
                known[key] = lm.read(question_prompt(question)).features.double().numpy()
        return np.stack([known[_key(question)] for question in questions])

    return read


def _key(question: Question) -> tuple[str, ...]:
    return question.text, *(option.text for option in question.options)


def measured(run: Path, draws: int, pool: int, features: Features | None) -> Iterator[tuple[str, int, list[float]]]:
    """Yield way, size, and accuracy, log-loss and error of the shares, for every question and draw."""
    fitted = ps.open_run(run)
    space = ps.NewQuestions(fitted.embedder, fitted.split.train, features=features)
    test, rng = fitted.split.held_out_questions, np.random.default_rng(0)
    shown = space.people.places[:: -(-len(space.people.places) // SHOWN)]
    weight, room = np.full(len(shown) + pool, 1 / len(shown)), np.zeros(pool, np.int64)
    weight[len(shown) :] = 0
    for column, question in enumerate(test.questions):
        answered = np.flatnonzero(test.answers.question == column)
        if len(answered) < 2 * pool:
            continue
        asked = space.ask(question)
        prior = space.prior.distribution(question, asked.states)
        for _ in range(draws):
            rows = rng.permutation(answered)
            people = [test.respondents[row] for row in test.answers.respondent[rows]]
            places = space.people.places[positions(people, fitted.embedder.ids_)]
            option, rest = test.answers.option[rows].astype(np.int64), slice(pool, None)
            both = np.concatenate([shown, places[:pool]])
            belief = Posterior(prior, places[:0], option[:0])
            named, _ = whom_to_ask(belief, both, weight, len(shown) + np.arange(pool), room, max(SIZES))
            orders = {"drawn": np.arange(pool), "chosen": named - len(shown)}
            for way, order in orders.items():
                for n in SIZES:
                    told = Posterior(prior, places[order[:n]], option[order[:n]])
                    yield way, n, _scores(told.probabilities(places[rest]), option[rest])


def _scores(probabilities: FloatArray, option: np.typing.NDArray[np.int64]) -> list[float]:
    true = np.bincount(option, minlength=probabilities.shape[1]) / len(option)
    hit = (probabilities.argmax(axis=1) == option).mean()
    loss = -np.log(probabilities[np.arange(len(option)), option] + 1e-12).mean()
    return [float(hit), float(loss), float(np.abs(probabilities.mean(axis=0) - true).mean())]


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--features", help="a language model, such as smollm2")
    parser.add_argument("--quick", action="store_true", help="a small run on the simulated survey")
    given = parser.parse_args()
    if bool(given.runs) is given.quick:
        parser.error("give one or more runs, or --quick")
    with tempfile.TemporaryDirectory() as folder:
        runs = given.runs
        if given.quick:
            runs = [Path(folder) / "run"]
            fit_run(Run.create(runs[0]), ps.simulate(300, seed=0), embedder="factorization")
        features = states_of(given.features) if given.features else None
        found: dict[tuple[int, str], list[FloatArray]] = {}
        for run in runs:
            each: dict[tuple[int, str], list[list[float]]] = {}
            for way, n, scores in measured(run, given.draws, 40 if given.quick else POOL, features):
                each.setdefault((n, way), []).append(scores)
            for key, scored in each.items():
                found.setdefault(key, []).append(np.mean(scored, axis=0))
    print("| n | people | accuracy | log-loss | error of everybody's shares |\n|---|---|---|---|---|")
    for (n, way), values in sorted(found.items(), key=lambda item: (item[0][0], WAYS.index(item[0][1]))):
        if n or way == "drawn":
            cells = (f"{np.mean(v):.4f} [{min(v):.4f}, {max(v):.4f}]" for v in zip(*values, strict=True))
            print(f"| {n} | {way if n else 'nobody'} | {' | '.join(cells)} |")
    ours, peer = (float(np.mean(found[10, way], axis=0)[2]) for way in ("chosen", "drawn"))
    print(closing_line("error of everybody's shares after ten answers", ours, peer, "share"))


if __name__ == "__main__":
    main()
