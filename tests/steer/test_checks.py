"""Settings of a wrong type are refused as settings, by their name, whatever they are for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from types import NoneType
from typing import Any

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.soft_prompts.informed import InformedSettings
from personaspace.steer.soft_prompts.mlp import MlpSettings
from personaspace.steer.soft_prompts.transformer import TransformerSettings
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskSettings
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import Points

NO_NUMBERS: list[Any] = ["1", "", b"1", None, True, math.nan, math.inf, [1], {}, 1j, -7]
MADE: list[type] = [
    TrainSettings, Sampling, AskSettings, Attachment, BaseSettings, InformedSettings, MlpSettings, TransformerSettings
]  # fmt: skip
SETTINGS = [(make, field.name) for make in MADE for field in fields(make)]
MAY_BE = {"init_text": str, "stop": str, "recompute": bool, "strength": int, "prior": NoneType}
"""Types of which some value in :data:`NO_NUMBERS` is allowed."""


@pytest.mark.parametrize(("make", "name"), SETTINGS, ids=lambda given: getattr(given, "__name__", given))
def test_a_setting_of_a_wrong_type_is_a_setting_error(make: Callable[..., Any], name: str) -> None:
    for value in NO_NUMBERS:
        if isinstance(value, MAY_BE.get(name, ())) and not isinstance(value, bool) ^ (name == "recompute"):
            continue
        with pytest.raises((SettingError, LookupError)) as refused:
            make(**{name: value})
        assert name.replace("_", " ").split()[0] in str(refused.value).replace("_", " ")
        assert "\n" not in str(refused.value)


def test_numbers_of_numpy_are_numbers() -> None:
    given: dict[str, Any] = {"epochs": np.int64(3), "learning_rate": np.float32(0.5), "seed": np.uint32(7)}
    settings = TrainSettings(**given)
    assert settings == TrainSettings(epochs=3, learning_rate=0.5, seed=7)
    assert {type(value) for value in settings.identity().values()} == {int, float}


def test_what_is_asked_is_text(steered: SteeredLM) -> None:
    wrong: list[tuple[Any, Any]] = [(7, ["Yes", "No"]), ("Is it?", "Yes"), ("Is it?", ["Yes", 7]), (None, [])]
    for text, options in wrong:
        with pytest.raises(SettingError):
            steered.ask(text, options, Points())
    with pytest.raises(SettingError, match="prompt is 7"):
        steered.generate([7], Points())  # type: ignore[list-item]
    for resamples in ("9", 1, None, 2.5):
        with pytest.raises(SettingError, match="resamples is"):
            Bootstrap(Points(), resamples=resamples)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (AskSettings, {"orders": 0}, "orders is 0: give a whole number from 1 up"),
        (TrainSettings, {"words": 2}, "words is 2: give a number from 0 to 1"),
        (Sampling, {"top_p": 0}, "top_p is 0: give a number above 0, at most 1"),
        (TrainSettings, {"seed": "x\ny"}, "seed is 'x\\ny': give a whole number from 0 to 4294967295"),
    ],
)
def test_what_is_allowed_is_said(make: Callable[..., Any], given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as refused:
        make(**given)
    assert str(refused.value) == message
