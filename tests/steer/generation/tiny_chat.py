"""A tiny chat model with room for the worked examples of a prompt that tells an option."""

from __future__ import annotations

import pytest

from personaspace.steer.generation import wording
from personaspace.steer.model.language_model import LanguageModel
from tests.steer.model.test_chat import chatty

SHORT_ENDS = tuple("aeinost")
"""Stop strings by which the sentences of a model of random weights end."""


def tiny_chat(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    monkeypatch.setattr(wording, "EXAMPLES", (("Tea?", "Yes", "Yes."),))
    monkeypatch.setattr(wording, "INSTRUCTION", "Say it.")
    return chatty()
