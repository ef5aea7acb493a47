"""Are people predicted better after questions of the greatest expected information gain?

Of unseen respondents K answers are known. These are chosen one by one by ``next_question``; at random; or they are the
first K of one order for everybody, found greedily by the same measure on training respondents. Only questions a
respondent really answered can be asked. Scored on the held-out answers of the same respondents, which none is asked.

    python benchmarks/next_question.py FOLDER [--respondents 150] [--waves W41]
    python benchmarks/next_question.py --quick

Prints accuracy per respondent (macro) and log-loss by K. The last line is one JSON object: log-loss at K=5, chosen
one by one (ours) and at random (peer); ``ratio`` is how many times as much of the log-loss at K=0 is taken off.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from shared.closing_line import closing_line
from shared.waves import of_waves

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import make_embedder
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.imputation.answer_matrix import BLANK, answer_matrix, survey_of_matrix
from personaspace.imputation.next_question import information_gains
from personaspace.survey.arrays import IntArray
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

KNOWN = (0, 1, 3, 5, 10)
Choose = Callable[[IntArray, IntArray], int]
"""From a row of known answers and the columns that can be asked to the column asked."""


def asked(table: IntArray, choose: Choose) -> list[IntArray]:
    """The known answers of every respondent after 0, 1, ... questions.

    Args:
        table: Their real answers to what they can be asked, shape ``[respondents, questions]``.
        choose: Picks the next question.
    """
    known = np.full_like(table, BLANK)
    steps = [known.copy()]
    for _ in range(max(KNOWN)):
        for row, real in zip(known, table, strict=True):
            left = np.flatnonzero((real != BLANK) & (row == BLANK))
            if len(left):
                column = choose(row, left)
                row[column] = real[column]
        steps.append(known.copy())
    return steps


def greedy_order(embedder: Embedder, table: IntArray, length: int) -> list[int]:
    """One order for everybody, found greedily by the sum of information gains over these respondents.

    Args:
        embedder: Fitted.
        table: Answers of training respondents, shape ``[respondents, questions]``.
        length: How many questions.
    """
    known = np.full_like(table, BLANK)
    order: list[int] = []
    while len(order) < min(length, table.shape[1]):
        total = np.zeros(table.shape[1])
        for row, real in zip(known, table, strict=True):
            left = np.flatnonzero((real != BLANK) & (row == BLANK))
            if len(left):
                total[left] += information_gains(embedder, row, left)
        total[order] = -1
        best = int(total.argmax())
        order.append(best)
        known[:, best] = table[:, best]
    return order


def score(embedder: Embedder, known: IntArray, test: Survey) -> tuple[float, float]:
    """Macro accuracy and log-loss on the held-out answers."""
    predicted = embedder_alone(embedder, embedder.embed(survey_of_matrix(embedder, known)), test)
    ones = np.ones(len(test.respondents))
    return float(macro_accuracy(predicted, ones)), float(log_loss(predicted, ones))


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--respondents", type=int, default=150)
    parser.add_argument("--waves", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    survey = simulate(respondents=500) if options.quick else read_survey(options.folder)
    survey = of_waves(survey, options.waves) if options.waves else survey
    people = 30 if options.quick else options.respondents
    parts = split(survey, held_out_questions=0, seed=options.seed)
    embedder = make_embedder("lightgcn", seed=options.seed).fit(parts.train)
    rng = np.random.default_rng(options.seed)
    chosen = np.sort(rng.permutation(len(parts.unseen_known.respondents))[:people])
    table, test = answer_matrix(embedder, parts.unseen_known.select(chosen)), parts.unseen_held_out.select(chosen)
    sample = np.sort(rng.permutation(len(parts.train.respondents))[: people // 3])
    order = greedy_order(embedder, answer_matrix(embedder, parts.train.select(sample)), 4 * max(KNOWN))
    rank = np.full(table.shape[1], len(order))
    rank[order] = np.arange(len(order))
    ways: dict[str, Choose] = {
        "chosen one by one": lambda row, left: int(left[information_gains(embedder, row, left).argmax()]),
        "one order for everybody": lambda _, left: int(left[rank[left].argmin()]),
        "at random": lambda _, left: int(rng.choice(left)),
    }
    print(f"{survey!r}, {len(chosen)} unseen respondents\n")
    print(f"| | {' | '.join(f'K={k}' for k in KNOWN)} |\n|{'---|' * (len(KNOWN) + 1)}")
    losses: dict[str, list[float]] = {}
    for name, choose in ways.items():
        steps = asked(table, choose)
        scores = [score(embedder, steps[k], test) for k in KNOWN]
        losses[name] = [loss for _, loss in scores]
        print(f"| {name} | {' | '.join(f'{accuracy:.3f} ({loss:.3f})' for accuracy, loss in scores)} |", flush=True)
    five = KNOWN.index(5)
    ours, peer = (losses[way][0] - losses[way][five] for way in ("chosen one by one", "at random"))
    print(closing_line("log-loss won by 5 questions", ours, peer, "nats"))


if __name__ == "__main__":
    main()
