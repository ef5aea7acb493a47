"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.errors import MAX_SEED

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder made by `fit`.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0, max=MAX_SEED)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Device = Annotated[str, typer.Option(help="Where the language model runs: cpu, cuda, ...")]
PersonaNames = Annotated[
    list[str] | None,
    typer.Option("--persona", help="cluster-1, respondent-ID or TRAIT=value; may be repeated. Default: all clusters."),
]
Mixtures = Annotated[
    list[str] | None,
    typer.Option("--mix", help='A mixture, such as "cluster-1=0.7,cluster-2=0.3"; may be repeated.'),
]
Options = Annotated[list[str], typer.Option("--option", help="An answer; repeat for each.")]
PilotPath = Annotated[
    Path | None,
    typer.Option(
        help="CSV with the columns respondent and answer, of people in the survey who were asked the question."
    ),
]
Strength = Annotated[
    float, typer.Option(help="Strength of the steering: 0 is the base model, 1 the steered model, more exaggerates.")
]
