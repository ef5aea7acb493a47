"""``personaspace steer``: a killed training goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.line import fail, succeed


def test_an_unknown_model_is_said_with_near_names(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "unknown model 'nana': did you mean 'nano'?" in fail("steer", own_run, "--model", "nana")


def test_a_killed_training_goes_on_where_it_was(fitted_run: Path, tiny_folder: Path, tmp_path: Path) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    arguments = ("steer", str(run), "--model", str(tiny_folder), "--epochs", "50")
    command = [sys.executable, "-m", "personaspace", *arguments]
    training = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    checkpoint = run / "steer" / "checkpoint" / "training.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(training.pid, signal.SIGKILL)
    training.wait()
    assert "no stage 'steer'" in fail("ask", run, "Late?", "--option", "Yes", "--option", "No")
    first, *_ = (run / "steer" / "metrics.jsonl").read_text().splitlines()
    succeed(*arguments)
    assert (run / "steer" / "metrics.jsonl").read_text().startswith(f"{first}\n")
    assert not checkpoint.exists()
    assert (run / "steer" / "soft_prompt.safetensors").exists()
