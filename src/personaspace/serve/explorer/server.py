"""Serves the explorer on this machine until it is stopped."""

from __future__ import annotations

import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from personaspace.errors import ServerError
from personaspace.persona.clustering.algorithms import one_thread
from personaspace.serve.explorer.app import application
from personaspace.serve.explorer.explored import Explored

HOST = "127.0.0.1"
SECONDS_TO_END = 2


def listening(port: int) -> socket.socket:
    """Take a port of this machine, so that it is known to be free before anything is loaded.

    Args:
        port: Its number; 0 for any that is free.

    Raises:
        ServerError: It is in use, or not allowed.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # where it would let two servers have one port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except OSError as error:
        taken.close()
        raise ServerError(
            f"port {port} cannot be used ({error.strerror}): give another with --port, or --port 0 for any that is free"
        ) from error
    return taken


def serve(
    explored: Explored,
    reopen: Callable[[], Explored],
    taken: socket.socket,
    browser: bool,
    say: Callable[[str], object],
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        explored: The run.
        reopen: Opens the run as it is then.
        taken: A socket that listens.
        browser: Whether to open the page in a browser.
        say: Shows the page's address.
    """
    token = secrets.token_urlsafe(18)
    app = application(explored, reopen, token)
    address = f"http://{HOST}:{taken.getsockname()[1]}/{token}/"
    say(address)
    if browser:
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # a browser in a terminal waits for us
    with _quiet_end():
        run(app, taken)


def run(app: ASGIApp, taken: socket.socket) -> None:
    """Let an application answer what comes to a socket; its many short sums are done by one thread each."""
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
        lifespan="off",
    )
    with one_thread():
        uvicorn.Server(config).run(sockets=[taken])


@contextmanager
def _quiet_end() -> Iterator[None]:
    """Let Ctrl-C end the server, which sends the signal on once it has ended, and nothing more."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
