"""``personaspace variance``: the share of variance that personas and demographic groups explain."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, RunFolder, Seed
from personaspace.commands.printing import print_json, say

PAIRS = 5
"""Pairs of traits shown; all are in the JSON."""


def variance(
    run: RunFolder,
    k: Annotated[
        list[int] | None,
        typer.Option("--k", help="Also this number of clusters, by the run's clustering method; may be repeated."),
    ] = None,
    pairs: Annotated[bool, typer.Option(help="Also compare the groups of every two traits crossed.")] = True,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Compare personas, demographic groups and own vectors by the share of the variance of held-out answers explained.

    Example: personaspace variance runs/opinionqa --k 6 --k 20
    """
    from personaspace.console import show_table
    from personaspace.profiles.explained_variance import explained_variance
    from personaspace.runs.fitted import open_run

    fitted = open_run(run)
    method = fitted.clustering_method
    table = explained_variance(fitted.embedder, fitted.split, fitted.personas, k or (), pairs, seed, method)
    if as_json:
        rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
        print_json({"run": str(run), "survey": fitted.split.survey.name, "rows": rows})
        return
    crossed = table[table["kind"] == "two traits"].index[PAIRS:]
    shown = table.drop(index=crossed).drop(columns="kind").set_index("grouping")
    title = f"share of the variance of held-out answers explained, {fitted.split.survey.name}"
    show_table(shown, title, digits=4)
    if len(crossed):
        say(f"and {len(crossed)} more pairs of traits, none better: --json shows all")
    say("asked: share of the variance of who answered which question that lies between the groups")
