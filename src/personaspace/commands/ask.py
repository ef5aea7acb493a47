"""``personaspace ask``: put a multiple-choice question to personas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import (
    AsJson,
    Device,
    Mixtures,
    Options,
    PersonaNames,
    PilotPath,
    RunFolder,
    Seed,
    Strength,
)
from personaspace.commands.printing import print_json, say, say_prior_is_fitted
from personaspace.errors import SettingError


def ask(
    run: RunFolder,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question, asked before or not.")],
    option: Options,
    persona: PersonaNames = None,
    mix: Mixtures = None,
    pilot: PilotPath = None,
    topline: Annotated[
        str | None, typer.Option(help='Published shares of everybody, such as "Yes=38,No=55,Not sure=7".')
    ] = None,
    topline_n: Annotated[int | None, typer.Option(min=1, help="People behind --topline. Default: 1000.")] = None,
    crosstab: Annotated[
        Path | None,
        typer.Option(help="CSV of published shares or counts: the columns trait, group, and one for each option."),
    ] = None,
    crosstab_n: Annotated[
        int | None, typer.Option(min=1, help="People behind --crosstab where it holds shares. Default: 1000.")
    ] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Ask no language model where the run has one.")] = False,
    orders: Annotated[int, typer.Option(min=1, help="Number of orders of the options to average over.")] = 1,
    alphabets: Annotated[
        str, typer.Option(help="Average over label alphabets, such as ABC,abc,123; training used ABC.")
    ] = "ABC",
    strength: Strength = 1.0,
    interval: Annotated[
        bool,
        typer.Option(
            "--interval",
            help="The language model's 95% intervals, from resampling the respondents behind each persona.",
        ),
    ] = False,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Ask personas a multiple-choice question.

    The steered language model answers, told what a pilot and published shares say. Without one the question prior does:
    what the question's text and these people and shares make likely, with 95% intervals and everybody last.

    Example: personaspace ask runs/demo "Should the voting age be lowered?" --option Yes --option No --pilot pilot.csv
    """
    from personaspace.console import show_poll
    from personaspace.newquestions.evidence_files import PilotFile, read_pilot, told_pilot
    from personaspace.runs.asking import expected, told_shares
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named

    fitted = open_run(run)
    chosen = personas_named(fitted, persona, mix)
    asked = fitted.new_questions.ask(question, option)
    answers = PilotFile({}) if pilot is None else read_pilot(pilot, asked.question)
    told = told_shares(told_pilot(asked, answers, fitted.split.unseen_known), topline, topline_n, crosstab, crosstab_n)
    learned = {"a pilot": pilot, "a topline": topline, "a crosstab": crosstab}
    sources = ["its text", *(name for name, given in learned.items() if given is not None)]
    if no_model or not fitted.run.has("steer"):
        if (orders, alphabets, strength) != (1, "ABC", 1.0):
            raise SettingError(
                "no language model is asked, and --orders, --alphabets, --strength are for one: drop them"
            )
        say_prior_is_fitted(fitted)
        poll = expected(told, chosen)
        model = None
    else:
        from personaspace.steer.persona_bootstrap import Bootstrap

        lm = fitted.steered_lm(device)
        poll = lm.poll(
            question,
            option,
            chosen,
            interval=Bootstrap(fitted.embedder, fitted.split.train, seed=seed) if interval else None,
            orders=orders,
            alphabets=alphabets.split(","),
            strength=strength,
            prior=told if len(sources) > 1 else None,
        )
        model = lm.model.name
    if as_json:
        pilot_size = {"answers": len(answers.answers), "blank": len(answers.blank)}
        about = {"language_model": model, "known": asked.known is not None, "pilot": pilot_size}
        print_json({**poll.to_json(), **about})
        return
    show_poll(poll)
    if pilot is not None:
        say(f"the pilot has {len(answers.answers)} answer(s) and {len(answers.blank)} blank")
    if asked.known is not None:
        say(f"{fitted.split.survey.name} asked this question with these options: its answers are known, not new")
    if model is None:
        say(f"expected from {', '.join(sources)}; no language model was asked")
    elif len(sources) > 1:
        say(f"{model} was told what is expected from {', '.join(sources)}")
