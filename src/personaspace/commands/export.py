"""``personaspace export``: write personas for PEFT, a question to them as input embeddings, or them in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from personaspace.commands.options import AsJson, Device, Mixtures, PersonaNames, RunFolder
from personaspace.commands.printing import print_json, say

if TYPE_CHECKING:
    from personaspace.persona.personas import Personas
    from personaspace.runs.fitted import FittedRun
    from personaspace.steer.steered_lm import SteeredLM

TARGETS = ("peft", "embeds", "system-prompt")


def export(
    run: RunFolder,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; a system prompt also to a .json or .csv file."),
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            "--as",
            "--to",
            help="peft (one folder a persona), embeds (one question) or system-prompt (text for any chat model).",
        ),
    ] = "peft",
    persona: PersonaNames = None,
    mix: Mixtures = None,
    question: Annotated[
        str | None, typer.Option(help="With --as embeds: the question; with --as system-prompt: what will be asked.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="An answer; repeat for each.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="With --as system-prompt: answers to state, at most.")] = 8,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Write personas for other software: PEFT folders, input embeddings for a server, or system prompts.

    System prompts need no steered model. They are printed where --out is not given; with --json as a list of persona,
    share and system_prompt.

    Example: personaspace export runs/demo --as system-prompt --persona cluster-1
    """
    from personaspace.errors import SettingError, unknown

    if to not in TARGETS:
        raise unknown("export", to, TARGETS)
    if to == "embeds" and question is None:
        raise SettingError("--as embeds writes the input of the model for one question: give --question")
    if to == "peft" and (question is not None or option):
        raise SettingError("--question and --option are for one question: a PEFT folder is for every question")
    if to == "system-prompt":
        prompts = _system_prompts(*_named(run, persona, mix), question, option or [], k)
        if out is None:
            _print_prompts(prompts, as_json)
            return
        written = dict.fromkeys((prompt["persona"] for prompt in prompts), str(_write_prompts(prompts, out)))
    elif out is None:
        raise SettingError(f"--as {to} writes files: give --out FOLDER")
    else:
        fitted, chosen = _named(run, persona, mix)
        written = _write_steered(fitted.steered_lm(device), chosen, question, option or [], out)
    if as_json:
        print_json({"run": str(run), "to": to, "written": written})
    else:
        for name, place in written.items():
            say(f"{name}: {place}")


def _named(run: Path, names: list[str] | None, mixtures: list[str] | None) -> tuple[FittedRun, Personas]:
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named

    fitted = open_run(run)
    return fitted, personas_named(fitted, names, mixtures)


def _system_prompts(
    fitted: FittedRun, chosen: Personas, question: str | None, options: list[str], k: int
) -> list[dict[str, Any]]:
    from personaspace.profiles.system_prompt import system_prompt

    survey, embedder = fitted.split.train, fitted.embedder
    return [
        {
            "persona": persona.name,
            "share": persona.share,
            "system_prompt": system_prompt(persona, survey, question, options, k=k, embedder=embedder),
        }
        for persona in chosen
    ]


def _print_prompts(prompts: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(prompts)
        return
    for place, prompt in enumerate(prompts):
        between = "\n\n" if place else ""
        say(f"{between}{prompt['persona']}\n\n{prompt['system_prompt']}", lines=True)


def _write_prompts(prompts: list[dict[str, Any]], out: Path) -> Path:
    """Write the prompts to a .csv or .json file, or to ``system_prompts.json`` in a folder."""
    from personaspace.files import write_json

    if out.suffix == ".csv":
        import pandas as pd

        from personaspace.survey.spreadsheet import write_csv

        write_csv(out, pd.DataFrame(prompts))
        return out
    path = out if out.suffix == ".json" else out / "system_prompts.json"
    write_json(path, prompts)
    return path


def _write_steered(
    lm: SteeredLM, chosen: Personas, question: str | None, options: list[str], folder: Path
) -> dict[str, str]:
    """Write PEFT folders, or the input embeddings of one question; where each persona stands, by name."""
    from personaspace.steer.export.peft import export_peft
    from personaspace.steer.export.prompt_embeds import export_embeds

    if question is None:
        return {name: str(path) for name, path in export_peft(lm, chosen, folder).items()}
    return dict.fromkeys(chosen.names, str(export_embeds(lm, chosen, question, options, folder)))
