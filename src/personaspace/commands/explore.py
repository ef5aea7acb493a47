"""``personaspace explore``: ask, mix and read the personas of a run on a web page of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import Device, RunFolder, Seed
from personaspace.commands.printing import say

PORT = 8765


def explore(
    run: RunFolder,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of this machine to serve on; 0 for any that is free.")
    ] = PORT,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    device: Device = "cpu",
    seed: Seed = 0,
) -> None:
    """Explore a run on a web page: its map, any question to its personas, mixtures, yourself among them, a chat.

    The page is served on this machine only, to whoever has the address that is printed, until Ctrl-C. It needs the
    extra "explore": pip install 'personaspace[explore]'

    Example: personaspace explore runs/demo
    """
    from personaspace.console import Reporter
    from personaspace.errors import SettingError
    from personaspace.runs.explore import explored_run

    try:
        from personaspace.serve.explorer.server import listening, serve
    except ImportError as error:
        raise SettingError(
            f"the explorer needs {error.name}, which is not installed: pip install 'personaspace[explore]'"
        ) from error

    def show(address: str) -> None:
        say(f"{address}\nthe address is the key to the page: keep it to yourself; Ctrl-C ends it", lines=True)

    with listening(port) as taken:
        with Reporter() as reporter:
            explored = explored_run(run, seed, device, reporter.step)
        serve(explored, lambda: explored_run(run, seed, device), taken, browser, show)
