"""``personaspace reproduce``: the paper's tables and figures for a fitted run."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, RunFolder, Seed
from personaspace.commands.printing import print_json, say


def reproduce(
    run: RunFolder,
    model: Annotated[str, typer.Option(help="'nano', 'smollm2', a hub name, a folder, or a .gguf file.")] = "nano",
    epochs: Annotated[float, typer.Option(help="Passes over the answers in training; published are 10.")] = 0.1,
    answers: Annotated[int, typer.Option(help="Answers measured of each evaluation set, at most.", min=1)] = 2000,
    prompts: Annotated[
        int, typer.Option(help="Answers that rows with a prompt for every answer are measured on, at most.", min=1)
    ] = 200,
    placement: Annotated[
        str, typer.Option(help="Virtual tokens after the question, or before it as published, which is far slower.")
    ] = "after",
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Reproduce the paper's tables and figures with this survey and any language model, beside the published figures.

    Example: personaspace reproduce runs/opinionqa --model smollm2

    As published, on a GPU: personaspace reproduce runs/opinionqa --model EleutherAI/gpt-neo-1.3B --epochs 10
    --answers 1000000 --prompts 1000000 --placement before --device cuda
    """
    from personaspace.console import Reporter, show_table
    from personaspace.evaluation.paper import wide
    from personaspace.runs.reproduce import Effort, reproduce_run
    from personaspace.runs.run import Run

    effort = Effort(epochs, answers, prompts, placement)  # type: ignore[arg-type]
    with Reporter() as reporter:
        cells = reproduce_run(
            Run.open(run), model, effort, seed=seed, device=device, on_step=reporter.step, on_note=reporter.say
        )
    if as_json:
        print_json(cells.astype(object).where(cells.notna(), None).to_dict("records"))
        return
    for table in cells["table"].unique():
        show_table(100 * wide(cells, table).T, f"{table}: macro accuracy, percent", digits=1)
    say(f"tables with 95% intervals, and figures: {run / 'reproduce'}")
