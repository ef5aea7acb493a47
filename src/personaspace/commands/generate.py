"""``personaspace generate``: let personas write in their own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from personaspace.commands.options import AsJson, Device, Mixtures, PersonaNames, RunFolder, Seed, Strength
from personaspace.commands.printing import print_json

if TYPE_CHECKING:
    import pandas as pd


def generate(
    run: RunFolder,
    prompt: Annotated[list[str], typer.Argument(metavar="PROMPT...", help="One or more questions to the personas.")],
    option: Annotated[
        list[str] | None,
        typer.Option(help="An answer; repeat for each. An answer is drawn for every persona, and then said."),
    ] = None,
    persona: PersonaNames = None,
    mix: Mixtures = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens in an answer, at most.")] = 40,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 for greedy decoding.")] = 0.8,
    top_p: Annotated[float, typer.Option(help="Draw from the likeliest tokens up to this probability.")] = 0.95,
    top_k: Annotated[int, typer.Option(min=0, help="Draw from the k likeliest tokens; 0 for all.")] = 0,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1 repeats less.")] = 1.0,
    stop: Annotated[list[str] | None, typer.Option(help="A string at which a text ends; may be repeated.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Answers per prompt and persona.")] = 1,
    strength: Strength = 1.0,
    stream: Annotated[bool, typer.Option("--stream", help="Show the answers as they are written.")] = False,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Let personas answer in their own words.

    Example: personaspace generate runs/demo "What worries you most?" --mix "cluster-1=0.7,cluster-2=0.3" --stream

    With --option, an answer of each persona is drawn from the probabilities that `ask` prints, and the base model says
    it in a sentence; it needs a chat template. Without options, virtual tokens alone stand for the persona.

    Example: personaspace generate runs/demo "Should the voting age be lowered?" --option Yes --option No --samples 3
    """
    import pandas as pd

    from personaspace.console import Reporter, show_pieces, show_sentences, show_texts
    from personaspace.errors import SettingError
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named

    if stream and option:
        raise SettingError("--stream and --option: an answer with options is shown whole; leave one of them out")
    fitted = open_run(run)
    chosen = personas_named(fitted, persona, mix)
    lm = fitted.steered_lm(device)
    if not lm.learned_words and not option:
        with Reporter() as reporter:
            reporter.say(
                f"note: {lm.model.name} learned option letters alone and will hardly write sentences: steer with a "
                "model that has a chat template, such as smollm2, and without --words 0"
            )
    how: dict[str, Any] = {
        "strength": strength,
        "samples": samples,
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "repetition_penalty": repetition_penalty,
        "stop": stop or (),
        "seed": seed,
    }
    if stream and as_json:
        for piece in lm.stream(prompt, chosen, **how):
            print_json(piece._asdict(), indent=None)
    elif stream:
        show_pieces(lm.stream(prompt, chosen, **how))
    elif option:
        said = {asked: lm.answer_in_words(asked, option, chosen, **how) for asked in prompt}
        if as_json:
            _print_all({asked: pd.Series(table.to_dict("records"), table.index) for asked, table in said.items()})
        else:
            for asked, table in said.items():
                show_sentences(table, asked)
    else:
        answers = lm.generate(prompt, chosen, **how)
        by_prompt = {asked: answers.xs(asked, level="prompt") for asked in prompt}
        if as_json:
            _print_all(by_prompt)
        else:
            for asked, texts in by_prompt.items():
                show_texts(texts, asked)


def _print_all(by_prompt: Mapping[str, pd.Series[Any]]) -> None:
    """Print the answers to each prompt as JSON."""
    each = [{"prompt": asked, "answers": _by_persona(answers)} for asked, answers in by_prompt.items()]
    print_json(each[0] if len(each) == 1 else {"prompts": each})


def _by_persona(answers: pd.Series[Any]) -> dict[str, Any]:
    """An answer per persona, or a list where there are several samples."""
    if answers.index.nlevels == 1:
        return {str(persona): answer for persona, answer in answers.items()}
    return {str(persona): group.tolist() for persona, group in answers.groupby(level="persona", sort=False)}
