"""``personaspace map``: draw respondents and personas in two dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, RunFolder, Seed
from personaspace.commands.printing import print_json, say


def map_(
    run: RunFolder,
    color: Annotated[str, typer.Option(help="persona, a trait, or the id of a question.")] = "persona",
    out: Annotated[Path, typer.Option(help="File to write, ending in .html, .png or .svg.")] = Path("map.html"),
    method: Annotated[str, typer.Option(help="tsne, or umap (needs the extra 'umap').")] = "tsne",
    sample: Annotated[int, typer.Option(min=4, help="Respondents shown, at most; drawn at random.")] = 5000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw a map of the respondents in which people who answer alike lie close together.

    Example: personaspace map runs/demo --color age --out map.html
    """
    from personaspace.reports.plots.map import check_color
    from personaspace.reports.plots.picture import check_suffix
    from personaspace.reports.plots.plot import plot
    from personaspace.runs.fit import map_run
    from personaspace.runs.fitted import open_run

    check_suffix(out)
    fitted = open_run(run)
    check_color(color, fitted.split.survey)
    drawn = map_run(fitted, method, seed, sample)
    plot(drawn, color, fitted.split.survey).save(out)
    about = {"out": str(out), "color": color, "method": method, "shown": len(drawn.points)}
    if as_json:
        shared = None if drawn.neighbours is None else drawn.neighbours.to_dict(orient="records")
        print_json({**about, "respondents": drawn.respondents, "neighbours": shared})
    else:
        say(f"{len(drawn.points):,} of {drawn.respondents:,} respondents, coloured by {color}: written to {out}")
