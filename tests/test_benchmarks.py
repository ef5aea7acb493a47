"""Every benchmark runs quickly on request and closes with one line that a machine can read."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shared.closing_line import KEYS, closing_line

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name != "results_table.py")


def test_closing_line() -> None:
    line = json.loads(closing_line("epochs", 2.0, 3.0, "seconds", less_is_better=True))
    assert tuple(line) == KEYS
    assert (line["ours"], line["peer"], line["ratio"], line["unit"]) == (2, 3, 1.5, "seconds")
    assert json.loads(closing_line("accuracy", 0.6, 0.5, "share"))["ratio"] == 1.2
    assert json.loads(closing_line("words", 4, 0, "options"))["ratio"] is None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_offers_quick_and_closes_with_the_line(script: Path) -> None:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "--quick" in strings
    assert "closing_line" in called


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_quick_run_ends_with_one_json_line(script: Path) -> None:
    for peer in {"embedding": ["torch_geometric"], "steering": ["peft"], "lora": ["peft"]}.get(script.stem, []):
        pytest.importorskip(peer)
    found = subprocess.run(  # noqa: S603
        [sys.executable, str(script), "--quick"], check=True, capture_output=True, text=True, timeout=400,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    *before, last = found.stdout.strip().splitlines()
    assert set(json.loads(last)) == set(KEYS)
    assert not any(line.startswith("{") for line in before)
