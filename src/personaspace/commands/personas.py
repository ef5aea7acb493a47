"""``personaspace personas``: describe the personas of a run in a paragraph each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, PersonaNames, RunFolder
from personaspace.commands.printing import print_json, say


def personas(
    run: RunFolder,
    persona: PersonaNames = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(help='Label a persona, such as cluster-3="The worried"; may be repeated. Its id stays.'),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Also draw their composition: a file ending in .html, .png or .svg."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Describe the personas of a run: their size, a few words and a paragraph each, made from their statistics.

    Example: personaspace personas runs/demo --persona cluster-1
    """
    from personaspace.console import show_table
    from personaspace.profiles.profile import profile
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named, rename_personas
    from personaspace.runs.written import texts_by_name

    if plot is not None:
        from personaspace.reports.plots.picture import check_suffix

        check_suffix(plot)
    fitted = open_run(run)
    if rename:
        fitted = rename_personas(fitted, texts_by_name(rename, "--rename", "PERSONA=LABEL"))
    described = profile(personas_named(fitted, persona), fitted.split.train)
    cards = described.cards.set_index("persona")
    if plot is not None:
        from personaspace.reports.plots.plot import plot as draw

        draw(described, persona[0] if persona and len(persona) == 1 else None).save(plot)
    if as_json:
        print_json({"run": str(run), "survey": fitted.split.survey.name, "personas": cards.to_dict(orient="index")})
        return
    show_table(cards.drop(columns="card"), f"personas of {fitted.split.survey.name}")
    for card in cards["card"]:
        say(f"\n{card}", lines=True)
