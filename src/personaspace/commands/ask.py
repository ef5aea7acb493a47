"""``personaspace ask``: put a multiple-choice question to personas."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, Mixtures, PersonaNames, RunFolder, Seed, Strength
from personaspace.commands.printing import print_json


def ask(
    run: RunFolder,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question, asked before or not.")],
    option: Annotated[list[str], typer.Option(help="An answer; repeat for each.")],
    persona: PersonaNames = None,
    mix: Mixtures = None,
    orders: Annotated[int, typer.Option(min=1, help="Number of orders of the options to average over.")] = 1,
    alphabets: Annotated[
        str, typer.Option(help="Average over label alphabets, such as ABC,abc,123; training used ABC.")
    ] = "ABC",
    strength: Strength = 1.0,
    interval: Annotated[
        bool, typer.Option("--interval", help="95% intervals, from resampling the respondents behind each persona.")
    ] = False,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Ask personas a multiple-choice question.

    Example: personaspace ask runs/demo "Should the voting age be lowered?" --option Yes --option No --orders 2
    """
    from personaspace.console import show_poll
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named
    from personaspace.steer.persona_bootstrap import Bootstrap

    fitted = open_run(run)
    chosen = personas_named(fitted, persona, mix)
    poll = fitted.steered_lm(device).poll(
        question,
        option,
        chosen,
        interval=Bootstrap(fitted.embedder, fitted.split.train, seed=seed) if interval else None,
        orders=orders,
        alphabets=alphabets.split(","),
        strength=strength,
    )
    if as_json:
        print_json(poll.to_json())
    else:
        show_poll(poll)
