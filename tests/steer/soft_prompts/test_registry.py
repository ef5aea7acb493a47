"""Soft-prompting models by name, and their settings."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from personaspace.errors import SettingError, UnknownNameError
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.initialization import initialize, new_soft_prompt
from personaspace.steer.soft_prompts.registry import SOFT_PROMPTS, kind_of, soft_prompt_settings
from personaspace.steer.steerer import Steerer
from tests.steer.conftest import ATTACHMENTS, QUESTION


def made(kind: str, model: LanguageModel, attachment: Attachment, seed: int = 0, **settings: Any) -> SoftPrompt:
    chosen = soft_prompt_settings(kind, **settings)
    steerer = Steerer(model, new_soft_prompt(chosen, 8, model, attachment, seed), attachment)
    initialize(steerer, torch.randn(20, 8), [model.read(QUESTION)], seed)
    return steerer.soft_prompt


def test_settings_go_with_their_kind() -> None:
    for kind in SOFT_PROMPTS:
        settings = soft_prompt_settings(kind)
        assert kind_of(settings) == kind
        assert soft_prompt_settings(kind, **asdict(settings)) == settings
    assert soft_prompt_settings("mlp", hidden=7) == replace(soft_prompt_settings("mlp"), hidden=7)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("mlp", {"hiden": 3}, "'mlp' has no setting 'hiden': it has init, init_text, hidden"),
        ("mlp", {"hidden": 0}, "hidden of the soft-prompting model is 0: give a whole number from 1 to 65536"),
        ("mlp", {"hidden": 2.5}, r"hidden of the soft-prompting model is 2\.5"),
        ("transformer", {"hidden": 30}, "hidden is 30, which 4 heads cannot share"),
        ("linear", {"init": "text"}, "a text is given with init 'text'"),
        ("linear", {"init": "zero", "init_text": "As I would"}, "and with no other"),
    ],
)
def test_bad_settings(kind: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        soft_prompt_settings(kind, **settings)


def test_unknown_names(llama: LanguageModel) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        soft_prompt_settings("liner")
    with pytest.raises(UnknownNameError, match="did you mean 'zero'"):
        soft_prompt_settings("mlp", init="zeros")
    with pytest.raises(SettingError, match=r"has [3-9] tokens of .*, but 2 virtual token"):
        made("mlp", llama, ATTACHMENTS[0], init="text", init_text="Answer as I would")
