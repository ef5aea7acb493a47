"""``personaspace steer``: a killed training goes on where it was."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.line import fail, personaspace, succeed

STEERED = [
    "config.json", "metrics.jsonl", "question_prior.json", "question_prior.safetensors", "soft_prompt.safetensors",
]  # fmt: skip


def wait_for(folder: Path, pattern: str) -> Path:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := next(folder.glob(pattern), None):
            return found
        time.sleep(0.02)
    raise TimeoutError(pattern)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_unknown_model_is_said_with_near_names(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "unknown model 'nana': did you mean 'nano'?" in fail("steer", own_run, "--model", "nana")


def test_the_default_model_is_said_aloud(own_run: Path) -> None:
    done = personaspace("steer", own_run, "--epochs", "0.1")
    assert done.status == 0
    assert "base model: nano" in done.stderr
    assert "--model smollm2 is a real one" in " ".join(done.stderr.split())
    assert re.search(r"loading 0/1 nano\n.*reading questions 1/\d+ .*steering 1/1 loss", done.stderr, re.DOTALL)


def test_a_killed_training_goes_on_where_it_was(fitted_run: Path, tiny_folder: Path, tmp_path: Path) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    arguments = ("steer", str(run), "--model", str(tiny_folder), "--epochs", "50")
    command = [sys.executable, "-m", "personaspace", *arguments]
    training = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    checkpoint = wait_for(run, ".steer.*.partial/checkpoint/training.safetensors")
    os.kill(training.pid, signal.SIGKILL)
    training.wait()
    assert "no stage 'steer'" in fail("generate", run, "Late?")
    first, *_ = (checkpoint.parents[1] / "metrics.jsonl").read_text().splitlines()
    succeed(*arguments)
    assert (run / "steer" / "metrics.jsonl").read_text().startswith(f"{first}\n")
    assert sorted(path.name for path in (run / "steer").iterdir()) == STEERED
    assert not list(run.glob("*.partial")) and not list(run.glob(".*.partial"))


def test_a_second_steering_that_is_killed_leaves_the_first_and_both_can_be_gone_on_with(
    steered_run: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(steered_run, tmp_path / "run")
    before = contents(run / "steer")
    second = ("steer", str(run), "--model", str(tiny_folder), "--epochs", "50", "--seed", "1")
    training = subprocess.Popen([sys.executable, "-m", "personaspace", *second], stderr=subprocess.DEVNULL)  # noqa: S603
    checkpoint = wait_for(run, ".steer.*.partial/checkpoint/training.safetensors")
    assert "another process is writing to" in fail("steer", run, "--model", tiny_folder, "--epochs", "2")
    os.kill(training.pid, signal.SIGKILL)
    training.wait()
    assert contents(run / "steer") == before
    succeed("ask", run, "Late?", "--option", "Yes", "--option", "No")
    held = checkpoint.read_bytes()
    succeed("steer", run, "--model", tiny_folder, "--epochs", "1", "--refusals")
    assert contents(run / "steer") == before
    succeed("steer", run, "--model", tiny_folder, "--epochs", "1")
    assert checkpoint.read_bytes() == held
    succeed(*second)
    clean = shutil.copytree(steered_run, tmp_path / "clean")
    succeed(second[0], clean, *second[2:])
    resumed, at_once = contents(run / "steer"), contents(clean / "steer")
    assert resumed.pop("metrics.jsonl") and at_once.pop("metrics.jsonl")  # with their speed
    assert resumed == at_once
