"""``personaspace variance``: how much of people's opinions personas explain, beside demographic groups."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, RunFolder, Seed
from personaspace.commands.printing import print_json

PAIRS = 5
"""Pairs of traits shown; all are in the JSON."""


def variance(
    run: RunFolder,
    k: Annotated[
        list[int] | None,
        typer.Option("--k", help="Also so many clusters, found the run's way; may be repeated."),
    ] = None,
    pairs: Annotated[bool, typer.Option(help="Cross every two traits.")] = True,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Share of the variance of held-out answers explained by personas, by demographic groups and by own vectors.

    Example: personaspace variance runs/opinionqa --k 6 --k 20
    """
    from personaspace.console import show_table
    from personaspace.profiles.explained_variance import explained_variance
    from personaspace.runs.fit import load_fitted
    from personaspace.runs.run import Run

    opened = Run.open(run)
    fitted = load_fitted(opened)
    method = opened.settings("personas").get("method", "kmeans")
    table = explained_variance(fitted.space, fitted.split, fitted.personas, k or (), pairs, seed, method)
    if as_json:
        rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
        print_json({"run": str(run), "survey": fitted.split.survey.name, "rows": rows})
        return
    crossed = table[table["kind"] == "two traits"].index[PAIRS:]
    shown = table.drop(index=crossed).drop(columns="kind").set_index("grouping")
    title = f"share of the variance of held-out answers explained, {fitted.split.survey.name}"
    show_table(shown, title, digits=4)
    if len(crossed):
        print(f"and {len(crossed)} more pairs of traits, none better: --json shows all")
    print("asked: share of the variance of who answered which question that lies between the groups")
