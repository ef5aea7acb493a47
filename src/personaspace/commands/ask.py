"""``personaspace ask``: a multiple-choice question to personas."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, PersonaNames, RunFolder
from personaspace.commands.printing import print_json


def ask(
    run: RunFolder,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question, asked before or not.")],
    option: Annotated[list[str], typer.Option("--option", help="An answer; repeat for each.")],
    persona: PersonaNames = None,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Ask personas a multiple-choice question.

    Example: personaspace ask runs/demo "Should the voting age be lowered?" --option Yes --option No
    """
    from personaspace.artifacts import Run
    from personaspace.console import show_bars
    from personaspace.pipeline import load_fitted, personas_named
    from personaspace.steering_pipeline import load_steered

    opened = Run.open(run)
    lm = load_steered(opened, device)
    answers = lm.ask(question, option, personas_named(load_fitted(opened), persona))
    if as_json:
        print_json({"question": question, "answers": answers.to_dict(orient="index")})
    else:
        show_bars(answers, question)
