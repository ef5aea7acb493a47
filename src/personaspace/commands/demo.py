"""``personaspace demo``: the whole pipeline on a simulated survey."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Seed
from personaspace.commands.printing import print_results


def demo(
    out: Annotated[Path, typer.Option(help="Run folder to make.")] = Path("personaspace-demo"),
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Run the whole pipeline on a simulated survey with smollm2 where it is installed, and with nano elsewhere.

    Example: personaspace demo --out runs/demo
    """
    from personaspace.runs.demo import run_demo

    print_results(run_demo(out, seed, show=not as_json), out / "evaluation", as_json)
