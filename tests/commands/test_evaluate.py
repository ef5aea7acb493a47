"""``personaspace evaluate``: the table is printed and written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.commands.line import succeed


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
