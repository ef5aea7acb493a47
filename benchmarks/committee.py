"""What does each member add to the committee? Measured on answers that are held out of the training answers.

    python benchmarks/committee.py FOLDER [--seeds 0 1 2]
    python benchmarks/committee.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a small simulated survey. Of the training answers of every seed, with no
question held out, 15% are held out once more; nothing else is looked at, so that members may be chosen here. A
committee is fitted to the others, with a LightGCN and a second of each member that is drawn from a seed, and they are
pooled anew: each kind alone, the committee, the committee without each kind, and with what it does not have. Prints a
markdown table, the means over the seeds of macro accuracy and log-loss and the accuracy of every seed, then one JSON
object: the committee beside the best of its members.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.embedding.platt import pool_weights
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.survey.arrays import Vectors
from personaspace.survey.split import Split
from personaspace.survey.validation import without_validation

KINDS = ("autoencoder", "factorization of numbers", "factorization of choices", "Gaussian", "EASE", "LightGCN")
OWN = tuple(range(5))
POOLS: dict[str, tuple[int, ...]] = {
    **{kind: (place,) for place, kind in enumerate(KINDS)},
    "the committee": OWN,
    **{f"without {KINDS[place]}": tuple(m for m in OWN if m != place) for place in OWN},
    "with LightGCN": (*OWN, 5),
    "with a second autoencoder and a second of either factorization": (*OWN, 6, 7, 8),
}


class Member:
    """A fitted member, and where it places respondents by all answers and without the validation answers."""

    def __init__(self, embedder: Embedder, survey: ps.Survey) -> None:
        self.embedder, self.placed = embedder, embedder.embed(survey)
        self.expert = (embedder.embed(without_validation(survey)), embedder.options_, embedder.bias_)


def inner_split(survey: ps.Survey, seed: int) -> Split:
    """The training answers of a seed, 15% of them held out."""
    train = ps.split(survey, held_out_questions=0, seed=seed).train
    return ps.split(train, unseen_respondents=0, held_out_answers=0.15, held_out_questions=0, seed=seed)


def candidates(survey: ps.Survey, seed: int) -> list[Embedder]:
    """The members of a committee, a LightGCN, and the members drawn from a seed once more."""
    members = ps.Committee(seed=seed).fit(survey).members_
    again = [replace(member, seed=member.seed + 1000).fit(survey) for member in members[:3]]
    return [*members, ps.LightGCN(seed=seed, calibrated=False).fit(survey), *again]


def pooled(members: Sequence[Member], parts: Split) -> list[float]:
    """Macro accuracy and log-loss of the logarithmic pool of some members, every respondent counting 1."""
    weights = pool_weights([member.expert for member in members], parts.train, 1 / len(members))
    space, vectors = copy.copy(members[0].embedder), np.hstack([member.placed for member in members])
    space.options_ = _weighted([member.embedder.options_ for member in members], weights)
    space.bias_ = _weighted([member.embedder.bias_[:, None] for member in members], weights).sum(axis=1)
    predictions = embedder_alone(space, vectors, parts.held_out_answers)
    ones = np.ones(len(predictions.weight))
    return [float(metric(predictions, ones)) for metric in (macro_accuracy, log_loss)]


def _weighted(arrays: Sequence[Vectors], weights: Vectors) -> Vectors:
    return np.hstack([weight * array for weight, array in zip(weights, arrays, strict=True)])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    survey = ps.simulate(respondents=200) if options.quick else ps.read_survey(options.folder)
    found: dict[str, list[list[float]]] = {name: [] for name in POOLS}
    for seed in options.seeds[:1] if options.quick else options.seeds:
        parts = inner_split(survey, seed)
        members = [Member(member, parts.train) for member in candidates(parts.train, seed)]
        for name, places in POOLS.items():
            found[name].append(pooled([members[place] for place in places], parts))
    print("|  | accuracy | log-loss | accuracy of each seed |\n|---|---|---|---|")
    for name, values in found.items():
        accuracy, loss = np.mean(values, axis=0)
        print(f"| {name} | {accuracy:.4f} | {loss:.4f} | {', '.join(f'{one:.4f}' for one, _ in values)} |")
    accuracies = {name: float(np.mean(values, axis=0)[0]) for name, values in found.items()}
    best = max(KINDS, key=accuracies.__getitem__)
    print(closing_line(f"the committee beside {best}", accuracies["the committee"], accuracies[best], "macro accuracy"))


if __name__ == "__main__":
    main()
