"""The command line as a user meets it: what it prints, errors of one line, light imports."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaspace.errors import SurveyError
from tests.commands.line import fail, personaspace, succeed

COMMANDS = ("demo", "fit", "personas", "map", "variance", "impute", "next", "steer", "evaluate", "ask", "generate",
            "export", "push", "pilot", "report", "explore", "reproduce")  # fmt: skip
WITHOUT_TORCH = {
    "ask": ["Late?", "--option", "Yes", "--option", "No", "--topline", "Yes=40,No=60"],
    "pilot": ["Late?", "--option", "Yes", "--option", "No"],
    "next": [],
    "personas": [],
    "variance": ["--k", "2"],
    "map": ["--out", "map.svg"],
    "report": ["--out", "report.html"],
    "export": ["--as", "system-prompt", "--question", "Should taxes rise?"],
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


def started(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "personaspace", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)  # noqa: S603


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
    described = succeed("personas", own_run)
    (own_run / "personas" / "profile" / "cards.csv").write_text("nonsense")
    assert succeed("personas", own_run) == described  # which is not read from there
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


ENDING = "check the path, its permissions and the space on the disk"
LONG = "a" * 5000


@pytest.mark.parametrize("arguments", [("personas",), ("next",), ("personas", "--json"), ("variance", "--k", "2")])
def test_a_locale_without_utf_8_is_no_error(arguments: tuple[str, ...], fitted_run: Path) -> None:
    done = started(arguments[0], fitted_run, *arguments[1:], LC_ALL="C", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    if "--json" in arguments:
        assert json.loads(done.stdout) == succeed("personas", fitted_run, "--json")


def test_bars_and_quotes_fall_back_and_other_characters_are_named() -> None:
    code = (
        "from personaspace.cli import _prepare_streams; _prepare_streams();"
        "import pandas as pd; from personaspace.console import show_bars;"
        r"show_bars(pd.DataFrame({'\u201cJa\u201d': [0.5], 'No': [0.5]}, index=['a']), 'Z\xfcrich\u2026')"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[:3] == [r"Z\xfcrich...", "a", '  "Ja"  ############              50.0%']


@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">/dev/full", 1, f"error: cannot read or write: No space left on device; {ENDING}\n"),
        (">&-", 0, ""),
        ("2>&- >/dev/full", 1, ""),
        ("| true; exit ${PIPESTATUS[0]}", 1, ""),
    ],
)
def test_output_that_nobody_can_take(redirected: str, status: int, said: str, fitted_run: Path) -> None:
    line = f"{sys.executable} -m personaspace personas {fitted_run} {redirected}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (done.returncode, done.stderr) == (status, said)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_says_so_in_one_line_and_goes_on_when_run_again(
    sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    run, expected = tmp_path / "run", tmp_path / "expected"
    fit = ("fit", "simulated", "--embedder", "factorization", "--personas", "2", "--out")
    command = [sys.executable, "-m", "personaspace", *fit, str(run)]
    fitting = subprocess.Popen(  # noqa: S603
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # a shell's background jobs ignore interrupts
    )
    deadline = time.monotonic() + 60
    while not (run / "survey").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    fitting.send_signal(sent)
    out, err = fitting.communicate(timeout=60)
    assert (fitting.returncode, out) == (status, "")
    assert err.splitlines()[-1] == "interrupted; run the same command again to go on"
    assert "Traceback" not in err
    assert not list(run.glob(".*.partial"))
    for folder in (run, expected):
        succeed(*fit, folder)
    assert (run / "manifest.json").read_bytes() == (expected / "manifest.json").read_bytes()


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A pipe, a socket, a text file and a damaged gzip."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path):
        server.bind("socket")
    (tmp_path / "file").write_text("text")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"id,q\n" + os.urandom(2000))[:-900])
    (tmp_path / "cut.codebook.yaml").write_text("{respondent: id, questions: {q: {text: Q, options: [A, B]}}}")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "pipe", "--out", "new"), "is a pipe, a socket or a device"),
        (("fit", "socket", "--out", "new"), "is a pipe, a socket or a device"),
        (("fit", "/dev/null", "--out", "new"), "is a pipe, a socket or a device"),
        (("fit", LONG, "--out", "new"), "File name too long"),
        (("fit", "~nouser/survey.csv", "--out", "new"), "check it"),
        (("fit", "cut.csv.gz", "--codebook", "~nouser/book.yaml", "--out", "new"), "check it"),
        (("fit", "cut.csv.gz", "--codebook", "cut.codebook.yaml", "--out", "new"), "cannot be read"),
        (("fit", "simulated", "--out", LONG), "File name too long"),
        (("fit", "simulated", "--out", "/dev/full"), "is not a run folder"),
        (("fit", "simulated", "--out", "file/below"), "Not a directory"),
        (("personas", LONG), "File name too long"),
        (("personas", "file"), "is not a run folder"),
        (("personas", "pipe"), "is not a run folder"),
        (("personas", "RUN", "--plot", "/dev/full/who.svg"), "cannot write"),
        (("map", "RUN", "--out", "file/map.svg"), "cannot write"),
        (("export", "RUN", "--as", "system-prompt", "--out", "file/prompts"), "cannot write"),
        (("impute", "RUN", "--source", "~nouser/x"), "check it"),
        (("impute", "RUN", "--source", "pipe"), "is a pipe, a socket or a device"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_ordinary_trouble_is_one_line(
    arguments: tuple[str, ...], message: str, odd: Path, fitted_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(odd)
    run = shutil.copytree(fitted_run, odd / "run")
    said = fail(*(str(run) if word == "RUN" else word for word in arguments))
    assert message in said
    assert all(len(line) < 600 for line in said.splitlines())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("command", ["personas", "next", "variance", "map", "impute", "evaluate", "steer"])
def test_files_that_cannot_be_opened_are_one_line(
    command: str, number: int, fitted_run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    for method in ("read_text", "exists", "is_file"):
        usual = getattr(Path, method)

        def refuse(path: Path, *given: Any, usual: Callable[..., Any] = usual, **named: Any) -> Any:
            if path.is_relative_to(run):
                raise OSError(number, os.strerror(number), str(path))
            return usual(path, *given, **named)  # such as libraries that are imported meanwhile

        with monkeypatch.context() as refusing:
            refusing.setattr(Path, method, refuse)
            assert os.strerror(number) in fail(command, run)


def test_a_bug_is_a_traceback(monkeypatch: pytest.MonkeyPatch, fitted_run: Path) -> None:
    for bug in (ValueError("bug"), OSError(errno.EBADF, "bug"), KeyError("bug")):

        def broken(*_: object, bug: Exception = bug) -> None:
            raise bug

        monkeypatch.setattr("personaspace.runs.fitted.FittedRun.load", broken)
        with pytest.raises(type(bug)):
            personaspace("personas", fitted_run)


def test_errors_and_warnings_are_short_and_bring_no_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = fail("personas", tmp_path / f"\x1b]0;title\x07\u202e\x9b{'long' * 50}")
    assert r"\x1b]0;title\x07\u202e\x9b" in said
    assert said.strip("\n").isprintable()

    def warn(*_: object) -> None:
        warnings.warn(f"\x1b[2J\n{'x' * 20_000}", stacklevel=1)
        raise SurveyError(f"\x1b[2J\n{'x' * 20_000} give less")

    monkeypatch.setattr("personaspace.runs.fitted.FittedRun.load", warn)
    monkeypatch.setattr("personaspace.runs.run.Run.open", lambda _: None)
    warning, error = fail("personas", tmp_path).splitlines()
    assert warning.startswith(r"warning: \x1b[2J x") and error.startswith(r"error: \x1b[2J x")
    assert error.endswith("give less")
    assert len(warning) < 520 and len(error) < 520
