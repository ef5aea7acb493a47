"""``personaspace explore``: a page on this machine until Ctrl-C; what hinders it is one line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.commands.line import fail


def test_the_page_is_served_until_it_is_interrupted(own_run: Path) -> None:
    command = [sys.executable, "-m", "personaspace", "explore", str(own_run), "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
        assert "keep it to yourself" in process.stdout.readline()
        with urllib.request.urlopen(address, timeout=30) as page:  # noqa: S310  (our own)
            assert b"<title>Explore" in page.read()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_port_in_use_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = fail("explore", tmp_path / "nowhere", "--port", str(port))
    assert f"port {port} cannot be used (Address already in use): give another with --port" in said


def test_no_run_and_no_server_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not a run folder" in fail("explore", tmp_path, "--port", "0")
    for module in ("personaspace.serve.explorer.server", "personaspace.serve.explorer.app"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install 'personaspace[explore]'" in fail("explore", tmp_path)
