"""The command line: parse, call, print. Errors are one line and exit status 1, a traceback is a bug."""

from __future__ import annotations

import codecs
import errno
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn, TextIO

import typer

from personaspace.commands.ask import ask
from personaspace.commands.codebook import codebook
from personaspace.commands.demo import demo
from personaspace.commands.evaluate import evaluate
from personaspace.commands.explore import explore
from personaspace.commands.export import export
from personaspace.commands.fit import fit
from personaspace.commands.generate import generate
from personaspace.commands.impute import impute
from personaspace.commands.map import map_
from personaspace.commands.next import next_
from personaspace.commands.personas import personas
from personaspace.commands.pilot import pilot
from personaspace.commands.push import push
from personaspace.commands.report import report
from personaspace.commands.reproduce import reproduce
from personaspace.commands.steer import steer
from personaspace.commands.variance import variance
from personaspace.errors import PersonaSpaceError, one_line

NO_BUG = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOENT,
    errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE, errno.ENFILE, errno.ENXIO,
    errno.ENODEV, errno.EBUSY, errno.ESTALE,
}  # fmt: skip
"""What is wrong with a disk, a path or a permission, and not with this program."""

PLAIN = str.maketrans("█“”‘’–—×", "#\"\"''--x") | str.maketrans({"…": "..."})  # noqa: RUF001
"""How characters of our own are written where the terminal's encoding lacks them."""

app = typer.Typer(
    name="personaspace",
    help="From what people answered to a language model that answers like them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    demo, codebook, fit, personas, map_, variance, report, explore, impute, next_, steer, evaluate, reproduce, ask,
    pilot, generate, export, push,
):  # fmt: skip
    app.command(command.__name__.rstrip("_"))(command)


class Stopped(BaseException):
    """A signal asks the process to end; no handler of ordinary errors may catch it.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number


def main() -> None:
    """Run the command line; what is no bug of ours becomes one line on stderr and an exit status."""
    _quiet_libraries()
    _prepare_streams()
    with _signals_stop(), _warnings_on_one_line():
        try:
            try:
                app()
            finally:
                sys.stdout.flush()
        except Stopped as stopped:
            _fail("interrupted; run the same command again to go on", 128 + stopped.number, "")
        except PersonaSpaceError as error:
            _fail(str(error))
        except BrokenPipeError:
            _drop_output()
            sys.exit(141)  # as the shell says of a process that SIGPIPE ended
        except MemoryError:
            _fail("memory ran out: give less at once, or use a machine with more")
        except OSError as error:
            if error.errno not in NO_BUG:
                raise
            where = f"cannot use {os.fspath(error.filename)}" if error.filename else "cannot read or write"
            _fail(f"{where}: {error.strerror}; check the path, its permissions and the space on the disk")


def _fail(message: str, status: int = 1, kind: str = "error: ") -> NoReturn:
    _drop_output()
    with suppress(OSError):
        print(f"{kind}{one_line(message)}", file=sys.stderr, flush=True)
    sys.exit(status)


def _drop_output() -> None:
    """Write out what stdout still holds, or drop it where that is impossible, so that leaving Python does not fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _signals_stop() -> Iterator[None]:
    """Raise :class:`Stopped` at the first Ctrl-C or SIGTERM; the second ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Stopped(number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _warnings_on_one_line() -> Iterator[None]:
    def show(
        message: Warning | str, category: type[Warning], filename: str, lineno: int,
        file: TextIO | None = None, line: str | None = None,
    ) -> None:  # fmt: skip
        del category, filename, lineno, line
        print(f"warning: {one_line(message)}", file=file or sys.stderr)

    before, warnings.showwarning = warnings.showwarning, show
    try:
        yield
    finally:
        warnings.showwarning = before


def _prepare_streams() -> None:
    """Let output never fail for its encoding, nor for a stream that was closed before this process began."""
    codecs.register_error("personaspace", _in_plain_characters)
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115  (for the whole process)
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="personaspace")


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _quiet_libraries() -> None:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
