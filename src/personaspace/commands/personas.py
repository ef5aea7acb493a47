"""``personaspace personas``: who the personas of a run are, a paragraph each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, PersonaNames, RunFolder
from personaspace.commands.printing import print_json


def personas(
    run: RunFolder,
    persona: PersonaNames = None,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw who the members are: a file ending in .html, .png or .svg.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell who the personas of a run are: their size, and a paragraph each made from their statistics.

    Example: personaspace personas runs/demo --persona cluster-1
    """
    from personaspace.console import show_table
    from personaspace.report.plots.picture import check_suffix
    from personaspace.runs.fit import load_fitted, personas_named
    from personaspace.runs.run import Run

    if plot is not None:
        check_suffix(plot)
    fitted = load_fitted(Run.open(run))
    profile = personas_named(fitted, persona).profile(fitted.split.train)
    cards = profile.cards.set_index("persona")
    if plot is not None:
        profile.plot(persona[0] if persona and len(persona) == 1 else None).save(plot)
    if as_json:
        print_json({"run": str(run), "survey": fitted.split.survey.name, "personas": cards.to_dict(orient="index")})
        return
    show_table(cards.drop(columns="card"), f"personas of {fitted.split.survey.name}")
    for card in cards["card"]:
        print(f"\n{card}")
