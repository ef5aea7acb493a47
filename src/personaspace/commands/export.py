"""``personaspace export``: write personas for PEFT, or a question to personas as input embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, PersonaNames, RunFolder
from personaspace.commands.printing import print_json, say


def export(
    run: RunFolder,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write.")],
    to: Annotated[str, typer.Option(help="peft (one folder a persona) or embeds (one question).")] = "peft",
    persona: PersonaNames = None,
    question: Annotated[str | None, typer.Option(help="With --to embeds: the question.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="An answer; repeat for each.")] = None,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Write personas for other libraries: PEFT folders, or input embeddings for a server.

    Example: personaspace export runs/demo --persona cluster-1 --out exported
    """
    from personaspace.errors import SettingError, unknown
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named
    from personaspace.steer.export.peft import export_peft
    from personaspace.steer.export.prompt_embeds import export_embeds

    if to not in ("peft", "embeds"):
        raise unknown("export", to, ["peft", "embeds"])
    if to == "embeds" and question is None:
        raise SettingError("--to embeds writes the input of the model for one question: give --question")
    if to == "peft" and (question is not None or option):
        raise SettingError("--question and --option are for --to embeds: a PEFT folder is for every question")
    fitted = open_run(run)
    chosen = personas_named(fitted, persona)
    lm = fitted.steered_lm(device)
    if question is None:
        written = {name: str(path) for name, path in export_peft(lm, chosen, out).items()}
    else:
        path = export_embeds(lm, chosen, question, option or [], out)
        written = dict.fromkeys(chosen.names, str(path))
    if as_json:
        print_json({"run": str(run), "to": to, "written": written})
    else:
        for name, place in written.items():
            say(f"{name}: {place}")
