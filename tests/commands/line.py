"""The command line in this process, since starting another one takes seconds."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from personaspace.cli import main


class Ended(NamedTuple):
    """Exit status of a command, and what it printed."""

    status: int
    stdout: str
    stderr: str


def personaspace(*arguments: str | Path) -> Ended:
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["personaspace", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    return Ended(status, out.getvalue(), err.getvalue())


def succeed(*arguments: str | Path) -> Any:
    """Standard output, parsed if it is JSON."""
    done = personaspace(*arguments)
    assert done.status == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments and "--stream" not in arguments else done.stdout


def fail(*arguments: str | Path, status: int = 1) -> str:
    """Standard error of a command that fails; an error of our own is its one last line."""
    done = personaspace(*arguments)
    assert done.status == status, (done.stdout, done.stderr)
    if status == 1:
        assert done.stderr.splitlines()[-1].startswith("error: ")
        assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1
    return done.stderr
