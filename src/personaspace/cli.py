"""The command line: parse, call, print. Our own errors are one line and exit status 1."""

from __future__ import annotations

import logging
import os
import sys

import typer

from personaspace.commands.ask import ask
from personaspace.commands.demo import demo
from personaspace.commands.evaluate import evaluate
from personaspace.commands.export import export
from personaspace.commands.fit import fit
from personaspace.commands.generate import generate
from personaspace.commands.impute import impute
from personaspace.commands.map import map_
from personaspace.commands.next import next_
from personaspace.commands.personas import personas
from personaspace.commands.push import push
from personaspace.commands.steer import steer
from personaspace.commands.variance import variance
from personaspace.errors import PersonaSpaceError

app = typer.Typer(
    name="personaspace",
    help="From what people answered to a language model that answers like them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (demo, fit, personas, map_, variance, impute, next_, steer, evaluate, ask, generate, export, push):
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """Run the command line; errors of our own become one line on stderr and exit status 1."""
    _quiet_libraries()
    try:
        app()
    except PersonaSpaceError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)


def _quiet_libraries() -> None:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
