"""Files from strangers: whatever is in them, they are read, or there is one error of ours, soon and in one line."""

from __future__ import annotations

import gzip
import random
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.registry import load_embedder
from personaspace.errors import PersonaSpaceError
from personaspace.evaluation.results import Results, Row
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import Axes
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.map import Map, map_respondents
from personaspace.persona.personas import Personas
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import write_survey
from personaspace.survey.stream import open_survey
from tests.survey.sources import WIDE, write_labelled, write_opinionqa, write_polis, write_table

LONGEST = 1000
"""Characters of an error, with the path in it."""

STRANGE = [b"", b"[" * 3000, b"null", b"NaN", b"-1", b"1e999", b"\\ud800", b'"', b"\x00", b"\xff", b"9" * 30, b"{}"]


def write_gzip(folder: Path) -> Path:
    table = write_table(folder)
    (folder / "drinks.csv.gz").write_bytes(gzip.compress(WIDE.encode()))
    table.unlink()
    return folder / "drinks.csv.gz"


def write_parquet(folder: Path) -> Path:
    table = write_table(folder)
    pd.read_csv(table).to_parquet(folder / "drinks.parquet")
    table.unlink()
    return folder / "drinks.parquet"


def write_zsav(folder: Path) -> Path:
    frame, file = pyreadstat.read_sav(write_labelled(folder), user_missing=True)
    many = pd.concat([frame] * 50).assign(id=[str(row) for row in range(50 * len(frame))])
    labels = file.variable_value_labels
    pyreadstat.write_sav(many, folder / "moods.zsav", compress=True, variable_value_labels=labels)
    return folder / "moods.zsav"


def write_saved(folder: Path) -> Path:
    write_survey(simulate(respondents=20), folder / "saved")
    return folder / "saved"


def write_embedder(folder: Path) -> Path:
    Factorization(dim=2, epochs=1).fit(simulate(respondents=20)).save(folder / "embedder")
    return folder / "embedder"


def write_personas(folder: Path) -> Path:
    embedder = Factorization(dim=2, epochs=1).fit(survey := simulate(respondents=60))
    cluster_personas(embedder, survey, k=2).save(folder / "personas")
    return folder / "personas"


def write_map(folder: Path) -> Path:
    embedder = Factorization(dim=2, epochs=1).fit(survey := simulate(respondents=60))
    map_respondents(embedder, cluster_personas(embedder, survey, k=2)).save(folder / "map")
    return folder / "map"


def write_prior(folder: Path) -> Path:
    questions = simulate(respondents=20).questions[:3]
    options = sum(len(question.options) for question in questions)
    axes = Axes.of(np.eye(2, dtype=np.float32))
    QuestionPrior(questions, np.ones((options, 3)), axes, np.ones((3, 4))).save(folder / "prior")
    return folder / "prior"


def write_results(folder: Path) -> Path:
    row = Row("held-out answers", "majority", "log_loss", 1.0, float("nan"), 2.0, 9, 9)
    Results("tea", None, 0, {"python": "3"}, (row,)).save(folder / "results.json")
    return folder / "results.json"


KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object], int]] = {
    "table": (write_table, read_survey, 60),
    "gzip": (write_gzip, read_survey, 60),
    "parquet": (write_parquet, read_survey, 60),
    "opinionqa": (write_opinionqa, read_survey, 60),
    "polis": (write_polis, read_survey, 60),
    "sav": (write_labelled, read_survey, 4),
    "zsav": (write_zsav, read_survey, 4),
    "dta": (lambda folder: write_labelled(folder, ".dta"), read_survey, 4),
    "saved": (write_saved, read_survey, 60),
    "stream": (write_saved, lambda path: list(open_survey(path).blocks()), 60),
    "embedder": (write_embedder, lambda path: load_embedder(path).embed(simulate(respondents=20)), 60),
    "personas": (write_personas, lambda path: Personas.load(path)[:1].names, 60),
    "map": (write_map, Map.load, 60),
    "prior": (write_prior, QuestionPrior.load, 60),
    "results": (write_results, lambda path: Results.load(path).table, 60),
}
"""How a file or folder of each kind is written and read, and how many mutations of it are tried."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Some bytes replaced, taken out, cut off or said twice, or something strange put among them."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(changed) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del changed[at : at + chance.choice([1, 4, 40])]
        elif kind == 2:
            changed[at:at] = changed[at : at + chance.choice([4, 40])]
        elif kind == 3:
            changed[at : at + chance.choice([0, 1, 4])] = chance.choice(STRANGE)
        elif chance.random() < 0.2:
            del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_file_is_read_or_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    write, read, times = KINDS[kind]
    chance = random.Random(kind)  # noqa: S311
    (tmp_path / "whole").mkdir()
    target = write(tmp_path / "whole").relative_to(tmp_path / "whole")
    files = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file())
    read(tmp_path / "whole" / target)
    for number in range(times):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "whole", folder)
        victim = folder / chance.choice(files)
        victim.write_bytes(mutated(victim.read_bytes(), chance))
        started = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(folder / target)
        except PersonaSpaceError as error:
            assert len(str(error)) < LONGEST
        except BaseException as error:
            raise AssertionError(f"{victim} of number {number}: {type(error).__name__}") from error
        assert time.monotonic() - started < 5
        shutil.rmtree(folder)
