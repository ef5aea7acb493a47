"""``personaspace report``: tell the story of a run on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, RunFolder, Seed
from personaspace.commands.printing import print_json, say


def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="File to write. Default: report.html in the run folder.")] = None,
    individuals: Annotated[
        bool,
        typer.Option(help="Hold traits and some answers of each respondent, without ids, to colour the map by."),
    ] = True,
    words: Annotated[
        bool, typer.Option("--words", help="Let the steered model say answers, marked as generated.")
    ] = False,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write the report of a run: one HTML page that opens without a network, can be printed and handed on.

    Example: personaspace report runs/demo --out report.html
    """
    from personaspace.console import Reporter
    from personaspace.errors import SettingError
    from personaspace.runs.fitted import open_run
    from personaspace.runs.report import report as write

    place = run / "report.html" if out is None else out
    if place.suffix.lower() not in (".html", ".htm"):
        raise SettingError(f"cannot write a report as {place.name!r}: end the name in .html")
    fitted = open_run(run)
    with Reporter() as reporter:
        made = write(fitted, individuals=individuals, words=words, seed=seed, device=device, on_step=reporter.step)
    made.save(place)
    size = len(made.html.encode())
    if as_json:
        print_json({"run": str(run), "out": str(place), "bytes": size})
    else:
        say(f"{size / 1e6:.1f} MB, one file that needs no other: written to {place}")
