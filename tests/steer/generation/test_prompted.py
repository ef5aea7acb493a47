"""Replies of a chat model that is told of a persona: the model's own, with a dial for what it was told."""

from __future__ import annotations

import pytest
import torch

from personaspace.errors import ModelError, SettingError
from personaspace.steer.generation.prompted import reply
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.model.language_model import LanguageModel
from tests.steer.conftest import tiny_model
from tests.steer.generation.tiny_chat import tiny_chat

GREEDY = Sampling(max_new_tokens=8, temperature=0)
SYSTEM = "You live by the sea."


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    return tiny_chat(monkeypatch)


def said(chat: LanguageModel, strength: float, system: str = SYSTEM, sampling: Sampling = GREEDY) -> str:
    return "".join(reply(chat, "Where do you live?", system, strength, sampling))


def test_full_strength_is_what_the_model_writes_after_the_system_prompt(chat: LanguageModel) -> None:
    for strength, system in ((1.0, SYSTEM), (0.0, "")):
        ids = torch.tensor([chat.prompt_ids("Where do you live?", system)])
        written = chat.model.generate(ids, max_new_tokens=8, do_sample=False)[0, ids.shape[1] :]
        expected = chat.tokenizer.decode(written, skip_special_tokens=True)
        assert said(chat, strength).strip() == expected.strip()


def test_the_dial_moves_between_the_model_and_what_it_was_told(chat: LanguageModel) -> None:
    assert said(chat, 0.0) == said(chat, 0.0, "Something else entirely.")
    assert said(chat, 1.0) != said(chat, 0.0)
    drawn = Sampling(max_new_tokens=8, seed=1)
    assert said(chat, 2.0, sampling=drawn) == said(chat, 2.0, sampling=drawn)


def test_what_cannot_be_said_is_refused(chat: LanguageModel) -> None:
    with pytest.raises(SettingError, match="strength"):
        said(chat, 1e9)
    with pytest.raises(ModelError, match="the message with its system prompt needs"):
        said(chat, 1.0, "word " * 100_000)
    with pytest.raises(ModelError, match="has no chat template"):
        reply(tiny_model("gpt2"), "Hello", SYSTEM, 1.0, GREEDY)
