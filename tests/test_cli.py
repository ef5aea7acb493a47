"""The command line as a user meets it: what it prints, errors of one line, light imports."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.line import fail, succeed

COMMANDS = ("demo", "fit", "personas", "map", "variance", "impute", "next", "steer", "evaluate", "ask", "generate",
            "export", "push")  # fmt: skip
WITHOUT_TORCH = {
    "next": [],
    "personas": [],
    "variance": ["--k", "2"],
    "map": ["--out", "map.svg"],
}  # fmt: skip
"""Commands that read a fitted run and need no model, with arguments."""

WATCHED = """
import sys
from personaspace.cli import main
try:
    main()
finally:
    print("loaded", {"torch", "transformers"} & set(sys.modules))
"""


def started(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "personaspace", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_every_command_is_there_with_an_example() -> None:
    listed = succeed("--help")
    for command in COMMANDS:
        assert f" {command} " in listed
        assert "Example: personaspace" in succeed(command, "--help")


def test_a_started_process_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    done = started("evaluate", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "is not a run folder" in done.stderr


def test_usage_errors_end_with_status_2() -> None:
    assert "Missing argument" in fail("ask", status=2)
    assert "No such command" in fail("fitt", status=2)


def test_a_damaged_run_says_what_to_do(own_run: Path) -> None:
    (own_run / "embedding" / "weights.safetensors").write_bytes(b"nonsense")
    for command in ("evaluate", "next", "personas"):
        assert "run `personaspace fit SURVEY" in fail(command, own_run)


def test_help_loads_no_library_that_a_command_needs() -> None:
    heavy = "numpy pandas torch transformers sklearn altair pyarrow"
    code = f"import sys, personaspace.cli; print({{*'{heavy}'.split()}} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"  # noqa: S603


@pytest.mark.parametrize("command", WITHOUT_TORCH)
def test_commands_that_need_no_language_model_load_no_torch(command: str, fitted_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    arguments = [sys.executable, "-c", WATCHED, command, str(run), "--json", *WITHOUT_TORCH[command]]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("loaded set()\n")
