"""The lock that keeps two processes from writing to one run folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personaspace.errors import RunError
from personaspace.files import cannot_write

try:
    import fcntl
except ImportError:  # no POSIX: nothing keeps two processes apart there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}
"""What file systems that know no locks say; nothing keeps two processes apart there either."""


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold a run folder's lock during a ``with`` block; the system releases it when the process ends, however it ends.

    Raises:
        RunError: Another process holds it, or the folder cannot be written.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with cannot_write(folder):
        lock = os.open(folder / LOCK, flags, 0o666)
    try:
        _take(lock, folder)
        yield
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunError(
            f"another process is writing to {folder}: wait until it has ended and run the same command again, "
            "or choose another folder"
        ) from error
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise RunError(f"cannot lock {folder}: {error.strerror}; choose a folder on another disk") from error
