"""``personaspace generate``: personas in their own words."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, PersonaNames, RunFolder, Seed
from personaspace.commands.printing import print_json


def generate(
    run: RunFolder,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the personas are asked.")],
    persona: PersonaNames = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Length of the answer at the most.")] = 40,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 for greedy decoding.")] = 0.8,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Let personas answer in their own words.

    Example: personaspace generate runs/demo "What worries you most?" --persona cluster-1
    """
    from personaspace.artifacts import Run
    from personaspace.console import show_texts
    from personaspace.pipeline import load_fitted, personas_named
    from personaspace.steering_pipeline import load_steered

    opened = Run.open(run)
    lm = load_steered(opened, device)
    chosen = personas_named(load_fitted(opened), persona)
    texts = lm.generate(prompt, chosen, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
    if as_json:
        print_json({"prompt": prompt, "answers": texts.to_dict()})
    else:
        show_texts(texts, prompt)
