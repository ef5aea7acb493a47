"""Does work survive kills, are damaged runs noticed, and is malformed input refused in one line?

*Kills*: a command (fit, steer, evaluate, a second fit with other personas, impute) is killed at a random moment and run
again; the run it leaves must equal that of an undisturbed command, and what stood before must have stayed readable.
*Flips*: one bit of one file of a finished run is flipped; whatever reads the run must refuse it, or give equal results
because it does not use that bit. *Inputs*: valid surveys (CSV and Parquet with codebooks, saved, Polis) are mutated;
reading must end well or with one of our errors, within 5 seconds and 1 GB.

    python benchmarks/reliability.py [--kills 50] [--flips 200] [--inputs 1000] [--seed 0]
    python benchmarks/reliability.py --quick

``--quick`` takes 5, 20 and 60. Last line: one JSON object; ``ours`` is how many trials ended as promised, ``peer`` how
many there were.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.errors import PersonaSpaceError

SECONDS, BYTES = 5.0, 2**30
UNTIMED = ("pairs_per_second", "versions")
"""Keys that differ between equal runs."""

Outcome = Callable[[Path], str]


def command(*words: object) -> list[str]:
    """A personaspace command as a process."""
    return [sys.executable, "-m", "personaspace", *map(str, words)]


def content(folder: Path) -> dict[str, str]:
    """A checksum of every file of a folder; numbers that hold times are left out."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        data = path.read_bytes()
        if path.name == "manifest.json":
            stages = json.loads(data)["stages"]
            data = json.dumps({name: stage["settings"] for name, stage in stages.items()}, sort_keys=True).encode()
        elif path.suffix == ".jsonl":
            lines = [{k: v for k, v in json.loads(line).items() if k not in UNTIMED} for line in data.splitlines()]
            data = json.dumps(lines).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


class Kills:
    """Commands on copies of one run, killed at random moments.

    Args:
        folder: An empty folder to work in.
        rng: Draws commands and moments.
    """

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        survey, fitted, steered = (folder / name for name in ("survey.csv", "fitted", "steered"))
        write_table(ps.simulate(respondents=80, seed=0).select(questions=range(12)), survey)
        fit = ("fit", survey, "--embedder", "factorization", "--personas", "3")
        self.run(*fit, "--out", fitted)
        shutil.copytree(fitted, steered)
        self.run("steer", steered, "--epochs", "3")
        self.trials: dict[str, tuple[Path | None, tuple[object, ...]]] = {
            "fit": (None, (*fit, "--out", "RUN")),
            "steer": (fitted, ("steer", "RUN", "--epochs", "3")),
            "steer again, other settings": (steered, ("steer", "RUN", "--epochs", "2")),
            "evaluate": (steered, ("evaluate", "RUN")),
            "fit again, other personas": (fitted, (*fit[:-1], "4", "--out", "RUN")),
            "impute": (fitted, ("impute", "RUN", "--draws", "2")),
        }
        self.expected: dict[str, tuple[float, dict[str, str]]] = {}

    def run(self, *words: object) -> float:
        """Run a command to its end; returns the seconds it took."""
        began = time.monotonic()
        subprocess.run(command(*words), check=True, capture_output=True)  # noqa: S603
        return time.monotonic() - began

    def trial(self, number: int) -> tuple[str, str]:
        """Kill one command and run it again; its name, and how that ended."""
        name = list(self.trials)[number % len(self.trials)]
        start, words = self.trials[name]
        if name not in self.expected:
            seconds = self.run(*self.placed(words, self.fresh(start)))
            self.expected[name] = seconds, content(self.folder / "run")
        seconds, expected = self.expected[name]
        words = self.placed(words, self.fresh(start))
        process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            process.wait(self.rng.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if start is not None:
            try:
                ps.open_run(self.folder / "run")
            except PersonaSpaceError as error:
                return name, f"what stood before is lost: {error}"
        if (self.folder / "run").exists() and content(self.folder / "run") == expected:
            return name, "as promised"  # it was done before it died
        again = subprocess.run(command(*words), capture_output=True, text=True)  # noqa: S603
        if again.returncode:
            return name, f"not resumed: {again.stderr.strip().splitlines()[-1]}"
        differ = {path for path, _ in content(self.folder / "run").items() ^ expected.items()}
        return name, f"differs in {sorted(differ)[0]}" if differ else "as promised"

    def fresh(self, start: Path | None) -> Path:
        """The run folder as it is before the command."""
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        if start is not None:
            shutil.copytree(start, run)
        return run

    def placed(self, words: tuple[object, ...], run: Path) -> tuple[object, ...]:
        """The command with its run folder."""
        return tuple(run if word == "RUN" else word for word in words)


def flipped(run: Path, rng: random.Random, folder: Path) -> tuple[str, str]:
    """Flip a bit of a run's copy; which file, and how reading the run ended."""
    copy = folder / "flipped"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(run, copy)
    path = rng.choice([path for path in sorted(copy.rglob("*")) if path.is_file() and path.stat().st_size])
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    name = path.relative_to(copy).as_posix()
    try:
        same = answers(copy) == answers(run)
    except PersonaSpaceError:
        return name, "as promised"
    except Exception as error:
        return name, f"{type(error).__name__}: {error}"
    return name, "as promised" if same else "other results without a word"


def answers(run: Path) -> tuple[object, ...]:
    """What a user gets from a run: vectors, personas, an answer of the steered model, the table of results."""
    opened = ps.open_run(run)
    asked = opened.steered_lm().ask("Is snow white?", ["Yes", "No"], opened.personas)
    summary = opened.results().summary()
    vectors = opened.embedder.respondents_.tobytes(), opened.personas.vectors.tobytes()
    return (*vectors, opened.personas.notes, asked.to_json(), summary.to_json())


def sources(folder: Path) -> list[Path]:
    """The same kind of survey as CSV, as Parquet, saved, and as a Polis export."""
    survey = ps.simulate(respondents=30, seed=1).select(questions=range(6))
    write_table(survey, folder / "table" / "survey.csv")
    write_table(survey, folder / "parquet" / "survey.parquet")
    ps.write_survey(survey, folder / "saved")
    polis = folder / "polis"
    polis.mkdir()
    (polis / "comments.csv").write_text(
        "comment-id,comment-body,moderated,agrees,disagrees\n0,Parks,1,1,1\n1,Trams,1,2,0\n"
    )
    (polis / "participants-votes.csv").write_text("participant,group-id,0,1\n1,0,1,1\n2,0,-1,1\n3,1,,0\n")
    return [folder / "table" / "survey.csv", folder / "parquet" / "survey.parquet", folder / "saved", polis]


def write_table(survey: ps.Survey, path: Path) -> None:
    """A table of option texts with its codebook beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = survey.to_frame().astype("str").reset_index()
    table = table.mask(table == "nan")
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        pd.DataFrame(table).to_parquet(path, index=False)
    asked = {q.id: {"text": q.text, "options": [option.text for option in q.options]} for q in survey.questions}
    book = {"respondent": "respondent", "questions": asked}
    path.with_name(f"{path.stem}.codebook.json").write_text(json.dumps(book))


def mutated(source: Path, rng: random.Random, folder: Path) -> tuple[str, str]:
    """Mutate one file of a source's copy; which kind of source, and how reading it ended."""
    kind, copy = source.parent.name if source.is_file() else source.name, folder / "mutated"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source.parent if source.is_file() else source, copy)
    path = rng.choice(sorted(copy.iterdir()))
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        piece = rng.choice([b"\x00", b"\xff\xfe", b"[" * 20_000, b"-1", b'"', b"\n", b"\xed\xa0\x80", rng.randbytes(8)])
        data[at : at + rng.choice([0, 1, 8, len(data)])] = piece
    path.write_bytes(data)
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ps.read_survey(copy / source.name if source.is_file() else copy)
        ended = "as promised"
    except PersonaSpaceError as error:
        ended = "as promised" if len(str(error)) < 2000 else f"an error of {len(str(error))} characters"
    except Exception as error:
        ended = f"{type(error).__name__}: {str(error)[:80]}"
    seconds = time.monotonic() - began
    return kind, ended if seconds < SECONDS else f"{seconds:.0f} seconds"


def main() -> None:
    """Run all trials and print what did not end as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("kills", 50), ("flips", 200), ("inputs", 1000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    kills, flips, inputs = (5, 20, 60) if arguments.quick else (arguments.kills, arguments.flips, arguments.inputs)
    rng = random.Random(arguments.seed)  # noqa: S311
    trials: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        killing = Kills(folder, rng)
        trials += [("kill", *killing.trial(number)) for number in range(kills)]
        killing.run("evaluate", folder / "steered")
        trials += [("flip", *flipped(folder / "steered", rng, folder)) for _ in range(flips)]
        (folder / "sources").mkdir()
        read = sources(folder / "sources")
        trials += [("input", *mutated(rng.choice(read), rng, folder)) for _ in range(inputs)]
    print("| trial | on | how it ended | times |\n|---|---|---|---|")
    for (trial, on, ended), times in sorted(Counter(trials).items()):
        if ended != "as promised" or trial != "flip":
            print(f"| {trial} | {on} | {ended} | {times} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"| memory | all inputs | {peak / BYTES:.2f} GB at the peak | |")
    well = sum(ended == "as promised" for *_, ended in trials)
    print(closing_line("trials that ended as promised", well, len(trials), "trials"))


if __name__ == "__main__":
    main()
