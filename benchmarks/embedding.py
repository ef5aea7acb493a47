"""How fast is LightGCN here beside torch-geometric's, and how fast and lean are fitting and placing people?

Peer: ``torch_geometric.nn.LightGCN`` (``pip install personaspace[bench]``), on the same graph of respondents and
options, with as many layers, dimensions and optimisation steps. In every step both

- draw half of the training answers out of the graph (the same ones),
- propagate over all respondents and options left in it, with gradient,
- predict the answers drawn out of a quarter of the respondents (at most 2048) by the cross-entropy over each question's
  options, full precision, and let Adam change the free vectors.

The peer has free vectors of respondents and options, ours only of options. It takes its graph in two forms:
``edge_index``, or a ``torch.sparse`` CSR matrix. Its loss scores pairs of respondents and options as its own
``forward`` does, with ``torch_geometric.utils.softmax`` over each answer's options; a further row gives it our loss,
which the library does not have. The ratio that counts is against the quicker of the two forms with its own loss. The
validation loss is in no epoch. Epochs alternate between the contestants in one process; medians.

    python benchmarks/embedding.py FOLDER [--threads 2] [--repeats 5]
    python benchmarks/embedding.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a simulated survey. Further rows: embedding new respondents from K known
answers and from a Survey object, all that ``personaspace fit`` does, and the peak memory of that process. Last line:
one JSON object.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from shared.closing_line import closing_line
from torch import Tensor

import personaspace as ps
from personaspace.embedding.lightgcn.graph import Graph
from personaspace.embedding.lightgcn.training import BATCH, Training
from personaspace.embedding.loss import answer_table
from personaspace.embedding.optimize import batches

MODEL, KNOWN = ps.LightGCN(), (20, 100)

OUR_LOSS = "torch-geometric, sparse CSR, our loss"


class Ours:
    """An epoch as ``LightGCN.fit`` runs it."""

    def __init__(self, graph: Graph, survey: ps.Survey) -> None:
        self.graph, self.run = graph, Training(graph.counts, survey.questions, MODEL)
        self.optimizer = torch.optim.Adam([self.run.nodes], lr=0.01)

    def epoch(self) -> int:
        """Its number of steps."""
        return sum(descend(self.optimizer, loss) for loss in self.run.losses(self.graph))


class Peer:
    """The same with torch-geometric's module."""

    def __init__(self, graph: Graph, survey: ps.Survey, sparse: bool, our_loss: bool = False) -> None:
        from torch_geometric.nn import LightGCN

        self.graph, self.sparse, self.shape = graph, sparse, graph.matrix.shape
        self.our_loss, self.offsets = our_loss, torch.tensor(survey.offsets)
        self.run = Training(graph.counts, survey.questions, MODEL)
        self.model = LightGCN(sum(self.shape), MODEL.dim, MODEL.layers)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        nodes = survey.offsets[graph.answers.question] + graph.answers.option
        self.ends = torch.tensor(np.stack([graph.answers.respondent, self.shape[0] + nodes]))

    def epoch(self) -> int:
        """Its number of steps."""
        return sum(descend(self.optimizer, loss) for loss in self.losses())

    def losses(self) -> Iterator[Tensor]:
        """The loss of every batch."""
        graph, run = self.graph, self.run
        for rows in batches(graph.present, min(BATCH, len(graph.present) / 4), run.rng):
            kept = run.rng.random(len(graph.answers)) >= MODEL.dropout
            vectors = self.model.get_embedding(self.adjacency(kept))
            left = graph.left_out(kept, rows)
            yield self.by_table(vectors, left, rows) if self.our_loss else self.by_pairs(vectors, left)

    def by_pairs(self, vectors: Tensor, left: ps.Answers) -> Tensor:
        """Mean cross-entropy, every answer with each of its question's options as a pair."""
        from torch_geometric.utils import softmax

        question = torch.tensor(left.question)
        sizes, starts = self.offsets.diff()[question], self.offsets[question]
        answer = torch.repeat_interleave(torch.arange(len(question)), sizes)
        first = sizes.cumsum(0) - sizes
        node = torch.arange(len(answer)) - first[answer] + starts[answer]
        pairs = vectors[torch.tensor(left.respondent)[answer]] * vectors[self.shape[0] + node]
        probabilities = softmax(pairs.sum(dim=-1) + self.run.bias[node], answer)
        loss: Tensor = -probabilities[first + torch.tensor(left.option)].clamp_min(1e-30).log().mean()
        return loss

    def by_table(self, vectors: Tensor, left: ps.Answers, rows: np.typing.NDArray[np.int64]) -> Tensor:
        """The same by our function."""
        respondents, options = vectors[: self.shape[0]], vectors[self.shape[0] :]
        table = answer_table(left, rows, len(self.offsets) - 1)
        return self.run.loss(respondents[torch.from_numpy(rows)], options, self.run.bias, table)

    def adjacency(self, kept: np.typing.NDArray[np.bool_]) -> Tensor:
        """Both directions of the edges kept, in the form asked for."""
        from torch_geometric.utils import to_torch_csr_tensor, to_undirected

        ends = self.ends[:, torch.from_numpy(kept)]
        if not self.sparse:
            return torch.cat([ends, ends.flip(0)], dim=1)
        matrix: Tensor = to_torch_csr_tensor(to_undirected(ends), size=(sum(self.shape),) * 2)
        return matrix


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> int:
    """One step."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return 1


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def epochs(survey: ps.Survey, repeats: int) -> dict[str, float]:
    """Median seconds of an epoch of every contestant, epochs alternating."""
    graph = Graph(survey, MODEL.prior)
    contestants: dict[str, Ours | Peer] = {
        "personaspace": Ours(graph, survey),
        "torch-geometric, edge_index": Peer(graph, survey, sparse=False),
        "torch-geometric, sparse CSR": Peer(graph, survey, sparse=True),
        OUR_LOSS: Peer(graph, survey, sparse=True, our_loss=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats + 1):
        for name, contestant in contestants.items():
            spent = seconds(contestant.epoch)
            if repeat:
                taken[name].append(spent)
    return {name: float(np.median(spent)) for name, spent in taken.items()}


def known_answers(survey: ps.Survey, known: int, copies: int = 4) -> ps.Survey:
    """New respondents with about so many of a survey's answers each, in random order as they may come."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(survey.answers))
    respondent = survey.answers.respondent[order]
    ranked = np.argsort(respondent, kind="stable")
    starts = np.searchsorted(respondent[ranked], np.arange(len(survey.respondents)))
    rank = np.arange(len(order)) - starts[respondent[ranked]]
    few = survey.answers.where(np.sort(order[ranked[rank < known]]))
    number = len(survey.respondents)
    columns = {name: np.tile(getattr(few, name), copies) for name in ("question", "option")}
    rows = np.concatenate([few.respondent + number * copy for copy in range(copies)])
    ids = tuple(f"new{i}" for i in range(number * copies))
    return ps.Survey(ids, survey.questions, ps.Answers(rows, columns["question"], columns["option"]))


def embedding_rates(survey: ps.Survey) -> dict[str, float]:
    """New respondents embedded a second, for every number of known answers, without and with making the Survey."""
    embedder = ps.LightGCN(epochs=2).fit(survey)
    rates = {}
    for known in KNOWN:
        people = known_answers(survey, known)
        number = len(people.respondents)
        for made, work in (
            ("", partial(embedder.embed, people)),
            (", from columns", partial(embed_anew, embedder, people)),
        ):
            rates[f"K={known}{made}"] = number / np.median([seconds(work) for _ in range(5)])
    return {name: float(round(rate)) for name, rate in rates.items()}


def embed_anew(embedder: ps.LightGCN, survey: ps.Survey) -> None:
    """Make and check a survey from its columns, then embed it."""
    embedder.embed(replace(survey, name="new"))


def whole_fit(folder: str) -> dict[str, float]:
    """Wall seconds and peak gigabytes of ``personaspace fit``."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "personaspace.cli", "fit", folder, "--out", str(Path(out) / "run")]
        spent = seconds(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {"whole fit, seconds": round(spent, 1), "whole fit, peak GB": round(peak, 2)}


def main() -> None:
    """Measure, print a table, then the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    survey = ps.simulate(respondents=1000) if options.quick else ps.read_survey(options.folder)
    train = ps.split(survey, held_out_questions=0).train
    taken = epochs(train, 1 if options.quick else options.repeats)
    peer = min(spent for name, spent in taken.items() if name not in ("personaspace", OUR_LOSS))
    rows: dict[str, Any] = {f"epoch, seconds: {name}": round(spent, 3) for name, spent in taken.items()}
    rows |= {f"embedded a second: {name}": rate for name, rate in embedding_rates(train).items()}
    rows |= whole_fit(options.folder or "simulated")
    print(train, *(f"| {name} | {value} |" for name, value in rows.items()), sep="\n")
    ours = taken["personaspace"]
    print(closing_line("LightGCN epoch", ours, peer, "seconds", less_is_better=True))


if __name__ == "__main__":
    main()
