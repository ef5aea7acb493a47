"""``personaspace evaluate``: the table is printed and written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.commands.line import fail, personaspace, succeed


def test_the_table_is_printed_and_written(own_run: Path) -> None:
    printed = succeed("evaluate", own_run, "--json")
    assert printed == json.loads((own_run / "evaluation" / "results.json").read_text())
    methods = {row["method"] for row in printed["rows"]}
    assert {"majority", "embedder alone: factorization", "individual", "cluster k=3", "demographic: age"} <= methods
    assert "macro accuracy" in succeed("evaluate", own_run)


def test_a_run_that_was_not_steered_is_evaluated_without_a_language_model(fitted_run: Path, tmp_path: Path) -> None:
    results = succeed("evaluate", shutil.copytree(fitted_run, tmp_path / "run"), "--json")
    assert results["model"] is None
    assert "individual" not in {row["method"] for row in results["rows"]}


def test_a_sample_says_so_and_leaves_the_run_s_own_table(own_run: Path) -> None:
    succeed("evaluate", own_run)
    before = (own_run / "evaluation" / "results.json").read_bytes()
    chosen = ("--rows", "majority,context K=2,individual", "--respondents", "10", "--answers", "15")
    done = personaspace("evaluate", own_run, *chosen)
    shown, said = (" ".join(text.split()) for text in (done.stdout, done.stderr))
    assert "a sample: at most 10 respondents and 15 answers of each evaluation set, seed 0" in shown
    assert re.search(r"reads at most \d\d prompts of \d+ tokens on average: about", said)
    assert (own_run / "evaluation" / "results.json").read_bytes() == before
    results = succeed("evaluate", own_run, *chosen, "--json")
    assert results == json.loads((own_run / "rows" / "results.json").read_text())
    assert results["sample"] == {"respondents": 10, "answers": 15, "seed": 0}
    assert {row["method"] for row in results["rows"]} == {"majority", "context K=2", "individual"}


def test_a_model_that_the_run_did_not_steer(own_run: Path, fitted_run: Path, tmp_path: Path, tiny_folder: Path) -> None:
    for run in (own_run, shutil.copytree(fitted_run, tmp_path / "run")):
        chosen = ("evaluate", run, "--model", tiny_folder, "--rows")
        assert succeed(*chosen, "raw-question", "--json")["model"] == str(tiny_folder)
        assert "error: row 'individual' needs a steered model" in fail(*chosen, "individual")


def test_an_unknown_row_lists_what_is_allowed_before_anything_is_loaded(own_run: Path) -> None:
    error = fail("evaluate", own_run, "--model", "no-such-model", "--rows", "raw-question,contexts")
    assert "unknown row 'contexts': give some of default, " in error
    for name in ("demographics", "context", "system-prompt", "clusters", "'demographic: TRAIT x TRAIT'"):
        assert name in error
