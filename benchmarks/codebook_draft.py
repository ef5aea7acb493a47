"""How well the draft of a codebook recognizes what columns are for, against lists written by hand.

    python benchmarks/codebook_draft.py DATA [--doubtful]
    python benchmarks/codebook_draft.py --speed [--columns 10000 --rows 20000]
    python benchmarks/codebook_draft.py --quick

DATA holds opinionqa/raw_sav, anes2018_pilot, fivethirtyeight_nonvoters and gss_panel_2016_2020. The lists stand in
codebooks_truth: a column that none names is a question; where two roles are right, either counts for precision, and the
column does not count for recall. The rules were made from the first three files and mended, after a first look, on the
four that had been held out; the last file was kept until then. Three tables are read a second time without the labels
that came with them, as bare numbers under short names. ``labels.csv`` says which value labels are refusals and which
are no answers, in the same way. The last line is one JSON object: F1 of all roles but questions in the new file, beside
that of calling everything a question.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
from shared.closing_line import closing_line

from personaspace.survey.readers.coding import MISSING, REFUSED, plain
from personaspace.survey.readers.draft.draft import draft
from personaspace.survey.readers.formats.registry import open_table
from personaspace.survey.readers.labelled_table import ROLES, Column, LabelledTable
from personaspace.survey.readers.non_answers import outcome

TRUTH = Path(__file__).parent / "codebooks_truth"
MADE_FROM = ("ATP_W26", "ATP_W27", "anes2018_pilot")
MENDED_ON = ("ATP_W41", "ATP_W42", "fivethirtyeight_nonvoters", "gss_panel_2016_2020")
LAST = ("ATP_W49",)
"""Looked at by the rules only after they had been mended on all the others."""

WITH_LISTS = {
    "anes2018_pilot": ("responses.csv.gz", "variables.json"),
    "fivethirtyeight_nonvoters": ("nonvoters_data.csv.gz", "questions.json"),
    "gss_panel_2016_2020": ("first_interview.csv.gz", "questions.json"),
}
"""The tables whose labels came in a file of their own."""


class Counts:
    """Guesses that are right, and roles that were to be found."""

    def __init__(self) -> None:
        self.guessed, self.right, self.real, self.found = (Counter[str]() for _ in range(4))

    def add(self, guess: str, truth: str) -> None:
        """Count one guess against the roles that are right, parted by bars."""
        self.guessed[guess] += 1
        self.right[guess] += guess in truth.split("|")
        if "|" not in truth:
            self.real[truth] += 1
            self.found[truth] += guess == truth

    def add_all(self, other: Counts) -> None:
        """Count all that another has counted."""
        for name in ("guessed", "right", "real", "found"):
            getattr(self, name).update(getattr(other, name))

    def line(self, kind: str) -> str:
        """Precision and recall of one kind, each as a count."""
        right, guessed, found, real = (of[kind] for of in (self.right, self.guessed, self.found, self.real))
        shares = [f"{part / whole:.3f}" if whole else "    -" for part, whole in ((right, guessed), (found, real))]
        return f"{kind:>15}  precision {shares[0]} ({right:4}/{guessed:4})  recall {shares[1]} ({found:4}/{real:4})"

    def f1(self, kinds: Iterable[str]) -> float:
        """F1 pooled over kinds."""
        right, guessed, found, real = (
            sum(of[kind] for kind in kinds) for of in (self.right, self.guessed, self.found, self.real)
        )
        precision, recall = right / max(guessed, 1), found / max(real, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)


def truth_of(name: str, columns: Iterable[str]) -> dict[str, str]:
    """The role of every column, by the first line of the list that fits it."""
    with (TRUTH / f"{name}.csv").open(encoding="utf-8") as lines:
        listed = [(row["column"], row["role"]) for row in csv.DictReader(lines)]
    return {
        column: next((role for wanted, role in listed if fnmatchcase(column, wanted)), "question") for column in columns
    }


def table_of(data: Path, name: str, labelled: bool = True) -> LabelledTable:
    """A survey with its labels, or as bare cells."""
    if name not in WITH_LISTS:
        return open_table(data / "opinionqa/raw_sav" / f"{name}.sav")
    cells, lists = (data / name / file for file in WITH_LISTS[name])
    frame = pd.read_csv(cells, low_memory=False)
    said = json.loads(lists.read_text(encoding="utf-8")) if labelled else {}
    columns = {}
    for column in frame.columns:
        entry = said.get(column, {})
        labels = {plain(code): text for code, text in entry.get("options") or []}
        columns[column] = Column(column, frame[column], entry.get("label") or entry.get("question"), labels)
    return LabelledTable(cells, columns)


def measure(name: str, table: LabelledTable, doubtful: bool = False) -> Counts:
    """The counts of one survey; wrong guesses are printed on request."""
    truth, counts = truth_of(name, table.columns), Counts()
    for guess in draft(table).guesses:
        counts.add(guess.role, truth[guess.column])
        if doubtful and guess.role not in truth[guess.column].split("|"):
            print(f"   {guess.column}: {guess.role} for {truth[guess.column]} ({guess.why})")
    return counts


def labels_of(tables: Iterable[LabelledTable]) -> Counts:
    """The counts of value labels that are refusals, no answers or answers, a label of a column each."""
    with (TRUTH / "labels.csv").open(encoding="utf-8") as lines:
        truth = {row["label"]: row["meaning"] for row in csv.DictReader(lines)}
    counts = Counts()
    for table in tables:
        for column in table.columns.values():
            for code, label in column.labels.items():
                kind = {REFUSED: "refused", MISSING: "missing", None: "answer"}[outcome(label, code)]
                counts.add(kind, truth.get(label, "answer"))
    return counts


def show(title: str, counts: Counts, kinds: Iterable[str]) -> None:
    """Print one table."""
    print(f"\n{title}")
    for kind in kinds:
        if counts.guessed[kind] or counts.real[kind]:
            print(counts.line(kind))


def wide(rows: int, columns: int) -> LabelledTable:
    """A table of as many columns, most of them labelled questions, some texts, numbers and recodes."""
    rng, made = np.random.default_rng(0), {}
    labels = {str(code): text for code, text in enumerate(("Never", "Rarely", "Sometimes", "Often", "Refused"), 1)}
    for at in range(columns):
        name, drawn = f"Q{at // 8}_{at % 8}", rng.integers(1, 6, rows)
        if at % 8 == 5:
            cells: Mapping[int, object] | np.ndarray = rng.random(rows)
        elif at % 8 == 6:
            cells = np.array(["TV", "Radio", "Web", "None", "Other"])[drawn - 1]
        else:
            cells = (drawn + 1) // 2 if at % 8 == 7 else drawn.astype(float)
        known = labels if at % 8 < 5 else {}
        made[name] = Column(name, pd.Series(cells), f"How often do you do the thing {at} of topic {at // 8}?", known)
    return LabelledTable(Path("wide.sav"), made)


CHILD = """
import sys
from pathlib import Path
from personaspace.survey.readers.drafted import draft_of
draft_of(Path(sys.argv[1])).to_yaml()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""Drafts a file and prints the peak of its own memory in kB (ru_maxrss would hold the parent's)."""


def speed(rows: int, columns: int) -> float:
    """Seconds that the draft of a wide SPSS file takes in a process of its own; its peak memory is printed too."""
    table = wide(rows, columns)
    frame = pd.DataFrame({name: column.cells for name, column in table.columns.items()})
    labels: Any = {name: {float(k): v for k, v in c.labels.items()} for name, c in table.columns.items() if c.labels}
    with tempfile.TemporaryDirectory() as folder:
        path, texts = Path(folder) / "wide.sav", [column.text for column in table.columns.values()]
        pyreadstat.write_sav(frame, path, column_labels=texts, variable_value_labels=labels)
        start = time.perf_counter()
        ended = subprocess.run([sys.executable, "-c", CHILD, path], check=True, capture_output=True, text=True)  # noqa: S603
        took = time.perf_counter() - start
        size = path.stat().st_size / 1e6
    print(f"{columns} columns, {rows} rows, {size:.0f} MB: {took:.1f} s, {int(ended.stdout) / 2**20:.2f} GB at most")
    return took


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--doubtful", action="store_true", help="print every wrong guess")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--columns", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick or given.speed:
        took = speed(*((500, 200) if given.quick else (given.rows, given.columns)))
        print(closing_line("drafting a codebook", took, 60, "seconds", less_is_better=True))
        return
    if given.data is None:
        parser.error("give DATA, --speed or --quick")
    pooled = {part: Counts() for part in ("made from", "mended on", "new")}
    tables = {name: table_of(given.data, name) for name in (*MADE_FROM, *MENDED_ON, *LAST)}
    for name, table in tables.items():
        counts = measure(name, table, given.doubtful)
        show(f"{name} ({len(table.columns)} columns)", counts, ROLES)
        part = "made from" if name in MADE_FROM else "mended on" if name in MENDED_ON else "new"
        pooled[part].add_all(counts)
    for name in WITH_LISTS:
        show(f"{name}, without its labels", measure(name, table_of(given.data, name, labelled=False)), ROLES)
    for part, counts in pooled.items():
        show(f"pooled: {part}", counts, ROLES)
    show("value labels", labels_of(tables.values()), ("refused", "missing", "answer"))
    kinds = [role for role in ROLES if role != "question"]
    print(closing_line("roles of columns", pooled["new"].f1(kinds), 0, "F1"))


if __name__ == "__main__":
    main()
