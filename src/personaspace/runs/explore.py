"""The explorer of a run: its parts are read, what every answer needs is computed, and another fit is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from personaspace.errors import RunError
from personaspace.profiles.profile import profile
from personaspace.reports.story import Missing, Story
from personaspace.runs.fit import OnStep, map_run
from personaspace.runs.fitted import FittedRun, open_run
from personaspace.runs.report import FIT, made_or_missing
from personaspace.runs.run import Run
from personaspace.serve.explorer.asking import ask
from personaspace.serve.explorer.explored import Explored, Voice
from personaspace.serve.explorer.reading import next_to_ask, read
from personaspace.serve.explorer.requests import Answered, Asked, Point
from personaspace.steer.model.sources import GGUF_NEEDS, INSTALL_SMOLLM2, SMOLLM2, smollm2_file

STAGES = ("survey", "embedding", "newquestions", "personas", "steer")
"""The stages that the page shows; another version of one of them makes it another page."""

PARTS = 3
NOT_SHOWN = Missing("The explorer does not show it.")


def explored_run(folder: str | Path, seed: int = 0, device: str = "cpu", on_step: OnStep | None = None) -> Explored:
    """Open a fitted run to be explored; the map is drawn and kept in its folder where it holds none.

    Args:
        folder: The run folder.
        seed: Of the map.
        device: Where language models run.
        on_step: Called with the progress.

    Returns:
        The run, ready to answer without delay; language models are loaded when they are first spoken to.

    Raises:
        RunError: It is no fitted run, or what it holds is damaged.
    """
    fitted = open_run(folder)
    done = 0

    def part(name: str) -> None:
        nonlocal done
        done += 1
        if on_step:
            on_step("explore", done, PARTS, name)

    part("profile")
    described = made_or_missing(fitted, lambda: profile(fitted.personas, fitted.split.train), FIT)
    part("map")
    drawn = made_or_missing(fitted, lambda: map_run(fitted, seed=seed))
    part("question prior")
    story = Story(
        split=fitted.split,
        personas=fitted.personas,
        profile=described,
        map=drawn,
        variance=NOT_SHOWN,
        results=NOT_SHOWN,
        rows=NOT_SHOWN,
        held_out=NOT_SHOWN,
        words=NOT_SHOWN,
        made={},
    )
    voices = _voices(fitted, device)
    version = _version(fitted.run)
    explored = Explored(
        story=story,
        embedder=fitted.embedder,
        new_questions=fitted.new_questions,
        version=version,
        as_opened=lambda: _is(fitted.run.folder, version),
        voices=voices,
        unheard=None if "steered" in voices else _unheard(bool(voices)),
    )
    _warm(explored)
    return explored


def _warm(explored: Explored) -> None:
    """Ask once what a user may ask, so that the first answer is as fast as the next."""
    known = explored.embedder.questions_[0]
    for text, options in (("A new question?", ["Yes", "No"]), (known.text, [option.text for option in known.options])):
        ask(explored, Asked(question=text, options=options))
    next_to_ask(explored, Answered())
    read(explored, Point(persona=explored.personas.names[0]))


def _version(run: Run) -> str:
    """A checksum of the stages that the page shows."""
    digests = "".join(run.digest(stage) for stage in STAGES if run.has(stage))
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def _is(folder: Path, version: str) -> bool:
    """Whether a run folder holds a version still; not while its manifest cannot be read."""
    try:
        return _version(Run.open(folder)) == version
    except RunError:
        return False


def _voices(fitted: FittedRun, device: str) -> dict[str, Callable[[], Voice]]:
    """The language models that can speak: the steered one, and a chat model that is installed."""
    voices: dict[str, Callable[[], Voice]] = {}

    def steered() -> Voice:
        from personaspace.serve.explorer.voices import SteeredVoice

        return SteeredVoice(fitted.steered_lm(device))

    def prompted() -> Voice:
        from personaspace.serve.explorer.voices import PromptedVoice
        from personaspace.steer.model.language_model import LanguageModel

        return PromptedVoice(LanguageModel.load(SMOLLM2, device), fitted.split.train, fitted.embedder)

    if fitted.run.has("steer"):
        voices["steered"] = steered
    if smollm2_file() is not None and all(find_spec(name) for name in GGUF_NEEDS):
        voices["prompted"] = prompted
    return voices


def _unheard(prompted: bool) -> Missing:
    """What a run without a steered model lacks, and which command makes it."""
    why = "No language model has been steered to this run" + (
        ", so a chat model is given the persona in a system prompt."
        if prompted
        else f", and no chat model is installed that could be given the persona ({INSTALL_SMOLLM2})."
    )
    return Missing(why, "steer RUN --model smollm2")
