"""Language models that speak for a point: what they say is what the library writes, and options are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.errors import SettingError
from personaspace.runs.explore import explored_run
from personaspace.runs.fitted import open_run
from personaspace.serve.explorer.explored import Explored
from personaspace.serve.explorer.voices import TOKENS, PromptedVoice, SteeredVoice
from tests.steer.generation.tiny_chat import tiny_chat


def test_a_steered_voice_says_what_the_steered_model_writes(steered_run: Path) -> None:
    lm = open_run(steered_run).steered_lm()
    persona = open_run(steered_run).personas[0]
    voice = SteeredVoice(lm)
    said = "".join(piece.text for piece in voice.say(persona, "Why?", [], 0.5, 3))
    assert said == lm.generate("Why?", persona, strength=0.5, max_new_tokens=TOKENS, seed=3)[persona.name]
    assert "option letters alone" in voice.about


def test_a_prompted_voice_is_told_of_the_persona_and_draws_no_options(
    explored: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_chat(monkeypatch)
    model.context_length = 10**6
    voice = PromptedVoice(model, explored.story.split.train, explored.embedder)
    mixed = explored.personas.mix({explored.personas.names[0]: 1.0})
    one, other = (["".join(p.text for p in voice.say(mixed, "Why?", [], s, 0))] for s in (0.0, 3.0))
    assert one != other
    with pytest.raises(SettingError, match="leave them out, or steer a model"):
        next(voice.say(mixed, "Why?", ["Yes", "No"], 1.0, 0))


def test_the_page_offers_the_voices_that_a_run_has(
    own_run: Path, explored_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personaspace.runs.explore.smollm2_file", lambda: None)
    assert list(explored_run(own_run).voices) == ["steered"]
    monkeypatch.setattr("personaspace.runs.explore.smollm2_file", lambda: Path("model.gguf"))
    monkeypatch.setattr("personaspace.runs.explore.find_spec", lambda name: name)
    found = explored_run(own_run)
    assert list(found.voices) == ["steered", "prompted"] and found.unheard is None
    bare = explored_run(explored_folder)
    assert list(bare.voices) == ["prompted"]
    assert bare.unheard is not None and bare.unheard.command == "steer RUN --model smollm2"
