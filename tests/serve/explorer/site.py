"""The explorer, served in a thread for the length of a block, and requests to it as any program may send them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

from personaspace.runs.explore import explored_run
from personaspace.serve.explorer.app import application
from personaspace.serve.explorer.server import listening

TOKEN = "a-token"  # noqa: S105  (of a test)


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        """The one line that an error is."""
        assert list(self.json) == ["error"]
        assert "\n" not in self.json["error"]
        return str(self.json["error"])


@dataclass
class Site:
    """A served explorer."""

    folder: Path
    port: int
    version: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}/"

    def send(self, method: str, path: str, body: str | None = None, token: str = TOKEN, **headers: str | None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        connection.request(method, f"/{token}/{path}", body, given)
        answer = connection.getresponse()
        reply = Reply(answer.status, dict(answer.headers), answer.read().decode())
        connection.close()
        return reply

    def call(self, path: str, body: Any, **headers: str | None) -> Reply:
        given: dict[str, str | None] = {"content_type": "application/json", "version": self.version, **headers}
        return self.send("POST", f"api/{path}", json.dumps(body), TOKEN, **given)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve a run until the block ends."""
    explored, taken = explored_run(folder), listening(0)
    app = application(explored, lambda: explored_run(folder), TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Site(folder, taken.getsockname()[1], explored.version)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        taken.close()
