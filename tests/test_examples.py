"""Every example runs to its end, as a reader would run it, and prints what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
PRINTED = {
    "quick_start": ("embedder alone: lightgcn", "held-out answers", "Difference("),
    "your_own_survey": ("200 respondents", "cluster-1", "option"),
    "new_question": ("everybody", "cluster-4"),
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    run = [sys.executable, str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(run, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    for words in PRINTED[name]:
        assert words in done.stdout


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == PRINTED.keys()
