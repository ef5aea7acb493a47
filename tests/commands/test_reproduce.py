"""``personaspace reproduce``: every table and figure of the paper for a small run; interrupted, it goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from personaspace.evaluation.paper import CONTEXT, STEERING, TRAITS, UNSEEN
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.runs.fit import fit_run
from personaspace.runs.reproduce import Effort, reproduce_run
from personaspace.runs.run import Run
from personaspace.steer.model.language_model import LanguageModel
from personaspace.survey.simulate import simulate
from personaspace.survey.split_settings import SplitSettings
from tests.commands.line import fail, succeed

FEW = ("--epochs", "1", "--answers", "40", "--prompts", "5")


@pytest.fixture(scope="module")
def reproduced(steered_run: Path, tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with the paper's tables."""
    run = shutil.copytree(steered_run, tmp_path_factory.mktemp("reproduced") / "run")
    assert "Steering: macro accuracy, percent" in succeed("reproduce", run, "--model", tiny_folder, *FEW)
    return run


def test_tables_and_figures_are_written_beside_the_published_figures(reproduced: Path, tiny_folder: Path) -> None:
    cells = pd.read_csv(reproduced / "reproduce" / "cells.csv")
    recipe, own = f"{tiny_folder}, published recipe", f"{tiny_folder}, steered as in this run"
    steering = {(row["row"], row["column"]): row for row in cells[cells["table"] == STEERING].to_dict("records")}
    for column in ("majority", "embedder alone", "raw question", "demographics", "context K=5", "untrained",
                   "individual (prefix)", "individual (prompt)", "6 clusters"):  # fmt: skip
        assert steering[recipe, column]["low"] <= steering[recipe, column]["value"]
    assert steering[recipe, "individual (prefix)"]["answers"] == 40
    assert steering[recipe, "context K=5"]["answers"] == 5
    assert {(own, "individual (prefix)"), (own, "question prior")} <= steering.keys()
    unseen = set(cells.loc[cells["table"] == UNSEEN, "row"])
    assert {"majority", "embedder alone", f"{recipe}, prefix", f"{recipe}, prompt", f"{own}, prefix"} < unseen
    assert {TRAITS, CONTEXT} <= set(cells["table"])
    tables = (reproduced / "reproduce" / "tables.md").read_text()
    for part in ("| GPT-J-6B (published) |", "Of whom: 64 respondents", "Limits: "):
        assert part in tables
    for name in ("known", "clusters", "forms", "composition"):
        assert (reproduced / "reproduce" / f"{name}.svg").stat().st_size > 1000
        assert (reproduced / "reproduce" / f"{name}.png").stat().st_size > 1000


def test_it_is_not_done_again(reproduced: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a language model loaded for tables that are there."""
    before = (reproduced / "reproduce" / "cells.csv").stat()
    monkeypatch.delattr(LanguageModel, "load")
    printed = succeed("reproduce", reproduced, "--model", tiny_folder, *FEW, "--json")
    assert (reproduced / "reproduce" / "cells.csv").stat() == before
    assert {row["table"] for row in printed} == set(pd.read_csv(reproduced / "reproduce" / "cells.csv")["table"])


def test_an_interrupted_one_goes_on(
    reproduced: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(reproduced, tmp_path / "run")
    effort = Effort(epochs=1, answers=30, prompts=5)
    measured: list[str] = []

    def counting(*given: Any, **settings: Any) -> Results:
        if len(measured) == 2 and not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        measured.append(f"{settings['rows']} {settings['sets']}")
        return evaluate(*given, **settings)

    interrupted: list[bool] = []
    monkeypatch.setattr("personaspace.runs.reproduce.evaluate", counting)
    with pytest.raises(KeyboardInterrupt):
        reproduce_run(Run.open(run), str(tiny_folder), effort)
    cells = reproduce_run(Run.open(run), str(tiny_folder), effort)
    assert len(measured) == 7
    assert measured[0] not in measured[1:]
    assert cells.equals(pd.read_csv(run / "reproduce" / "cells.csv"))


def test_a_run_that_holds_nothing_out_is_refused_in_one_line(tiny_folder: Path, tmp_path: Path) -> None:
    survey = simulate(respondents=60, seed=0).select(questions=range(8))
    fit_run(Run.create(tmp_path / "run"), survey, embedder="factorization", personas=2, settings=SplitSettings(0, 0, 0))
    assert "was fitted without held-out answers" in fail("reproduce", tmp_path / "run", "--model", tiny_folder)


def test_manifest_names_what_was_done(reproduced: Path) -> None:
    stages = json.loads((reproduced / "manifest.json").read_text())["stages"]
    assert stages["reproduce"]["settings"]["answers"] == 40
    assert {"paper-prefix", "paper-prompt", "steer"} <= stages["reproduce"]["inputs"].keys()
