"""``personaspace push``: upload a run's steered model and its personas to the hub."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, PersonaNames, RunFolder
from personaspace.commands.printing import print_json, say


def push(
    run: RunFolder,
    repository: Annotated[str, typer.Argument(metavar="ORG/NAME", help="Where on the hub.")],
    persona: PersonaNames = None,
    base_model: Annotated[str | None, typer.Option(help="Hub name of a base model loaded from a folder.")] = None,
    public: Annotated[bool, typer.Option("--public", help="A new repository is private without this.")] = False,
    as_json: AsJson = False,
) -> None:
    """Upload a run's steered model, its personas and a card to the Hugging Face hub.

    Example: personaspace push runs/opinionqa my-organisation/opinionqa-steered
    """
    from personaspace.errors import SettingError
    from personaspace.runs.fitted import open_run
    from personaspace.runs.personas import personas_named
    from personaspace.steer.export.hub import push as push_model

    fitted = open_run(run)
    chosen = personas_named(fitted, persona)
    if people := [persona.name for persona in chosen if persona.kind == "individual"]:
        raise SettingError(
            f"{people[0]!r} is one respondent, and the vector of a person is that person's data: "
            "push cluster or demographic personas"
        )
    lm = fitted.steered_lm()
    tables, disclosure = {}, {}
    if fitted.run.has("evaluation"):
        results = fitted.results()
        tables = {metric: results.summary(metric) for metric in results.main_metrics}
        disclosure = results.disclosure
    url = push_model(
        lm,
        repository,
        chosen,
        results=tables,
        disclosure=disclosure,
        base_model=base_model,
        private=not public,
    )
    if as_json:
        print_json({"run": str(run), "url": url, "personas": list(chosen.names), "evaluated": bool(tables)})
    else:
        say(f"pushed {run} with {len(chosen)} personas to {url}")
        if not tables:
            say(f"the card says nothing of baselines: run `personaspace evaluate {run}` and push again")
