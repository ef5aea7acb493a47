"""``personaspace impute``: fill the blanks of a survey by multiple imputation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, RunFolder, Seed
from personaspace.commands.printing import listed_filters, print_json, say


def impute(
    run: RunFolder,
    draws: Annotated[int, typer.Option(help="Completed copies to write.", min=1)] = 5,
    out: Annotated[Path | None, typer.Option(help="New or empty folder. Default: RUN/imputation.")] = None,
    question: Annotated[
        list[str] | None, typer.Option("--question", help="Fill only this question; may be repeated.")
    ] = None,
    refusals: Annotated[bool, typer.Option("--refusals", help="Fill refusals too.")] = False,
    fill_filtered: Annotated[
        bool,
        typer.Option("--fill-filtered", help="Fill questions also for those whom an earlier answer led past them."),
    ] = False,
    source: Annotated[Path | None, typer.Option(help="Where the survey is now, if it was moved.")] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="Where its codebook is now. Default: beside it, else as before.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Fill unasked and skipped questions with properly dispersed draws, in the survey's own format.

    Example: personaspace impute runs/opinionqa --draws 5
    """
    from personaspace.console import Reporter
    from personaspace.runs.impute import impute_run
    from personaspace.runs.run import Run

    with Reporter() as reporter:
        written = impute_run(
            Run.open(run),
            draws=draws,
            out=out,
            questions=question,
            refusals=refusals,
            fill_filtered=fill_filtered,
            source=source,
            codebook=codebook,
            seed=seed,
            on_step=reporter.step,
        )
        if written.questions_left:
            reporter.say(
                f"left {len(written.questions_left)} question(s) as they are, which the run held out: "
                "fit with --use-everything to fill these too"
            )
        if written.filtered:
            reporter.say(
                f"left {len(written.filtered)} question(s) blank where an earlier answer kept them from being asked: "
                f"{listed_filters(written.filtered)}; --fill-filtered fills them"
            )
        if not written.own_format:
            reporter.say("the survey's own format is only read: the copies are CSV files of option texts")
    if as_json:
        print_json(
            {
                "run": str(run),
                "copies": [str(path) for path in written.copies],
                "imputed": str(written.imputed_cells),
                "cells": written.cells,
                "questions_left": list(written.questions_left),
                "filtered": {name: found._asdict() for name, found in written.filtered.items()},
                "own_format": written.own_format,
            }
        )
        return
    say(f"{written.cells} cells filled in each of {len(written.copies)} copies: {written.folder}")
    say(f"which cells those are: {written.imputed_cells}; how to combine the copies: docs/imputation.md")
