"""Does fitting from a stream grow linearly with the respondents, in bounded memory, and does it still learn?

Peers: the majority answer, and the most probable answer under the planted truth, which no model can beat. Respondents
with 8 planted attitudes answer 100 of 500 questions of 2 to 5 options. They are written in blocks of 10,000, LightGCN
is fitted from the stream, everybody is embedded from the file into a file, and what 5,000 respondents of the first
block would answer to the 400 questions they were not asked is predicted.

    python benchmarks/scale.py [--respondents 1000000] [--epochs 2] [--folder FOLDER]
    python benchmarks/scale.py --quick

One size a run, because peak memory is the process's; ``--quick`` takes 10,000 respondents. Last line: one JSON object.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from shared.closing_line import closing_line

import personaspace as ps

QUESTIONS, ASKED, ATTITUDES, BLOCK, TESTED = 500, 100, 8, 10_000, 5_000
SIZES = np.repeat([2, 3, 4, 5], QUESTIONS // 4)
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])
STRENGTH, LEAN = 0.6, 0.7  # standard deviations of the options' slopes and intercepts
TINY = np.float32(1e-30)  # so that no logarithm is of 0

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Population:
    """A simulated population: logits <u_i, v_o> + b_o with all vectors and numbers drawn from normal distributions."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.slopes = (STRENGTH * rng.standard_normal((OFFSETS[-1], ATTITUDES))).astype(np.float32)
        self.intercepts = (LEAN * rng.standard_normal(OFFSETS[-1])).astype(np.float32)
        self.questions = tuple(
            ps.Question(f"q{j}", f"Statement {j}?", tuple(ps.Option(f"choice {o}") for o in range(size)))
            for j, size in enumerate(SIZES)
        )

    def respondents(self, first: int, number: int) -> tuple[Floats, Integers, Integers]:
        """Logits of some respondents, their answers to every question, and the questions they are asked."""
        rng = np.random.default_rng([1, first])
        logits = rng.standard_normal((number, ATTITUDES), np.float32) @ self.slopes.T + self.intercepts
        drawn = best_options(logits - np.log(rng.standard_exponential(logits.shape, np.float32) + TINY))
        order = rng.random((number, QUESTIONS), np.float32).argpartition(ASKED, axis=1)
        return logits, drawn, np.sort(order[:, :ASKED], axis=1)

    def block(self, first: int, number: int) -> ps.Survey:
        """Some respondents with their answers."""
        _, drawn, asked = self.respondents(first, number)
        rows = np.repeat(np.arange(number), ASKED)
        answers = ps.Answers(rows, asked.ravel(), drawn[rows, asked.ravel()])
        ids = tuple(f"r{row:08d}" for row in range(first, first + number))
        return ps.Survey(ids, self.questions, answers, name="planted", simulated=True)


def best_options(scores: Floats) -> Integers:
    """The option with the highest score of every question; shape ``[n, questions]``."""
    parts = [
        part.reshape(len(scores), -1, size) for size, part in zip(np.unique(SIZES), split_by_size(scores), strict=True)
    ]
    return np.concatenate([part.argmax(axis=2) for part in parts], axis=1)


def split_by_size(scores: Floats) -> list[Floats]:
    """Columns of the questions of two options, of three, and so on."""
    return np.split(scores, OFFSETS[np.flatnonzero(np.diff(SIZES)) + 1], axis=1)


def accuracy(population: Population, embedder: ps.LightGCN, respondents: int) -> dict[str, float]:
    """Shares of the unasked answers of some respondents that are predicted rightly."""
    number = min(respondents, BLOCK)
    logits, drawn, asked = population.respondents(0, number)
    unasked = np.ones(drawn.shape, np.bool_)
    np.put_along_axis(unasked, asked, values=False, axis=1)
    logits, drawn, unasked = logits[:TESTED], drawn[:TESTED], unasked[:TESTED]
    majority = best_options(embedder.bias_[None])
    guesses = {"majority": majority, "lightgcn": best_options(embedder.predict(embedder.respondents_[: len(drawn)]))}
    return {
        name: round(float((guess == drawn)[unasked].mean()), 4)
        for name, guess in (guesses | {"ceiling": best_options(logits)}).items()
    }


def peak() -> float:
    """Gigabytes this process has held at the most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def measure(respondents: int, epochs: int, folder: Path) -> dict[str, Any]:
    """Write, fit, embed, predict."""
    population, clock, work = Population(), time.perf_counter(), time.process_time()
    seconds: dict[str, float] = {}
    cpu_seconds: dict[str, float] = {}
    memory: dict[str, float] = {}

    def lap(stage: str) -> None:
        nonlocal clock, work
        seconds[stage], memory[stage], clock = round(time.perf_counter() - clock, 1), peak(), time.perf_counter()
        cpu_seconds[stage], work = round(time.process_time() - work, 1), time.process_time()
        print(f"{stage}: {seconds[stage]} s, {cpu_seconds[stage]} s of computing, peak {memory[stage]} GB", flush=True)

    with ps.SurveyWriter(folder, population.questions, "planted", simulated=True) as writer:
        for first in range(0, respondents, BLOCK):
            writer.write(population.block(first, min(BLOCK, respondents - first)))
    lap("write")
    stream = ps.open_survey(folder)
    print(stream, f"{sum(file.stat().st_size for file in folder.iterdir()) / 2**20:.0f} MB on disk", sep=", ")
    parts = epochs * min(10, len(stream))
    embedder = ps.LightGCN(epochs=parts, patience=parts)
    embedder.fit(stream, on_epoch=lambda done, most, loss: print(f"  {done}/{most}: {loss:.4f}", flush=True))
    lap("fit")
    embedder.embed_to(stream, folder / "vectors.npy")
    lap("embed")
    answers = respondents * ASKED
    return {
        "respondents": respondents, "answers": answers, "epochs": epochs, "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_gb": memory, "fit_answers_per_second_and_epoch": round(answers * epochs / seconds["fit"]),
        "embedded_per_second": round(respondents / max(seconds["embed"], 0.1)),
        "accuracy": accuracy(population, embedder, respondents),
        "load": round(os.getloadavg()[0], 1), "threads": os.environ.get("OMP_NUM_THREADS", "all"),
    }  # fmt: skip


def main() -> None:
    """Measure one size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--respondents", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        respondents = 10_000 if options.quick else options.respondents
        found = measure(respondents, options.epochs, options.folder or Path(temporary))
    accuracy = found.pop("accuracy")
    print(*(f"| {name} | {value} |" for name, value in (found | accuracy).items()), sep="\n")
    name = f"scale: share of unasked answers predicted, {respondents} respondents"
    print(closing_line(name, accuracy["lightgcn"], accuracy["majority"], "accuracy"))


if __name__ == "__main__":
    main()
