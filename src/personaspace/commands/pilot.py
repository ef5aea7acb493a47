"""``personaspace pilot``: choose whom to ask a new question, and say when enough of them have answered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Options, PilotPath, RunFolder, Seed
from personaspace.commands.printing import print_json, say, say_prior_is_fitted


def pilot(
    run: RunFolder,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question that nobody was asked.")],
    option: Options,
    n: Annotated[int, typer.Option("--n", min=1, help="How many people to ask next.")] = 20,
    out: Annotated[Path, typer.Option(help="CSV file to write: whom to ask, with room for answers.")] = Path(
        "pilot.csv"
    ),
    pilot: PilotPath = None,
    width: Annotated[
        float,
        typer.Option(
            min=0.1, max=100, help="Stop once the widest 95% interval of everybody's shares has fewer points."
        ),
    ] = 10.0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Choose people to ask a new question who together stand for everybody.

    Ask them, write their answers into the file, and give it to `ask --pilot`, or here as --pilot for the next people.

    Example: personaspace pilot runs/demo "Should the voting age be lowered?" --option Yes --option No --n 20
    """
    from personaspace.console import show_poll
    from personaspace.newquestions.evidence_files import PilotFile, read_pilot, told_pilot
    from personaspace.runs.fitted import open_run
    from personaspace.runs.pilot import pilot_of, write_pilot

    fitted = open_run(run)
    asked = fitted.new_questions.ask(question, option)
    answers = PilotFile({}) if pilot is None else read_pilot(pilot, asked.question)
    say_prior_is_fitted(fitted)
    found = pilot_of(told_pilot(asked, answers, fitted.split.unseen_known), fitted.personas, n, width / 100, seed)
    if not found.done:
        write_pilot(out, found.people, answers)
    if as_json:
        print_json(
            {
                "run": str(run),
                **found.everybody.to_json(),
                "pilot": {"answers": len(answers.answers), "blank": len(answers.blank)},
                "width": found.width,
                "stop": found.done,
                "needed": found.needed,
                "out": None if found.done else str(out),
                "people": found.people.to_dict(orient="records"),
            }
        )
        return
    show_poll(found.everybody)
    so_far = f"{len(answers.answers)} answer(s) so far, {len(answers.blank)} blank"
    say(f"{so_far}: the widest 95% interval of everybody's shares has {found.width * 100:.1f} points")
    if found.done:
        say(f"stop: that is below {width:g}; no list was written (a smaller --width goes on)")
        return
    expected = f"{found.people['width'].iloc[-1] * 100:.1f} points are expected after the next {len(found.people)}"
    enough = "more will be needed" if found.needed is None else f"{found.needed} of them may do"
    say(f"{expected}; stop below {width:g} (--width): {enough}")
    say(f"whom to ask: {out}; write their answers into it, and give it as --pilot to `ask`, or here for more people")
