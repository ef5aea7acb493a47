"""Precision and quantization of a base model, and names that are paths."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from personaspace.errors import SettingError, UnknownNameError
from personaspace.steer.forward.attach import Attachment, attach
from personaspace.steer.forward.forward import hidden_after_cue
from personaspace.steer.forward.option_logits import base_probabilities, label_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import QUESTION, QUICK, Points, opposed_survey
from tests.steer.fake_hub import FakeHub

LOADED = [
    BaseSettings(dtype="bfloat16"),
    BaseSettings(dtype="float16"),
    BaseSettings(quantize="8bit"),
    BaseSettings(quantize="4bit"),
]


@pytest.mark.parametrize("settings", LOADED, ids=lambda s: f"{s.dtype}-{s.quantize}")
def test_nano_in_low_precision_answers_alike_and_is_steered(
    nano: LanguageModel, settings: BaseSettings, tmp_path: Path
) -> None:
    """Close to single precision, trainable, and loaded again as it was trained."""
    if settings.quantize != "none":
        pytest.importorskip("bitsandbytes")
    model, exact = LanguageModel.load("nano", settings=settings), nano
    tolerance = 0.1 if settings.quantize == "4bit" else 0.03
    assert (
        base_probabilities(model, [QUESTION], [3]) - base_probabilities(exact, [QUESTION], [3])
    ).abs().max() < tolerance
    assert torch.cosine_similarity(_gradient(model), _gradient(exact), dim=0) > 1 - tolerance
    survey, space = opposed_survey(20, 2)
    lm = SteeredLM(model, settings=QUICK).fit(survey, space)
    assert all(torch.isfinite(weight).all() for weight in lm.soft_prompt_.parameters())
    lm.save(tmp_path)
    assert model.shares
    loaded, question = SteeredLM.load(tmp_path), survey.questions[0]
    assert loaded.model.settings == replace(settings, chat="no")
    assert np.array_equal(loaded.predict(Points().vectors, question), lm.predict(Points().vectors, question))


def _gradient(model: LanguageModel) -> torch.Tensor:
    """Of the first label's logit, with respect to virtual tokens before the question: through every layer."""
    attachment = Attachment("before", "prompt", 2)
    virtual = model.vocabulary()[None, 300:302].requires_grad_()
    hidden = hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, attachment))
    return torch.autograd.grad(label_logits(model, hidden, "AB")[0, 0], virtual)[0].flatten()


def test_quantized_weights_take_less_memory() -> None:
    pytest.importorskip("bitsandbytes")
    sizes = [LanguageModel.load("nano", settings=BaseSettings(quantize=q)) for q in ("none", "8bit", "4bit")]
    whole, eight, four = (_linear_bytes(model) for model in sizes)
    assert eight < 0.3 * whole
    assert four < 0.2 * whole


def _linear_bytes(model: LanguageModel) -> int:
    return sum(weight.nbytes for name, weight in model.model.named_parameters() if "_proj" in name)


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        SettingError, match=r"needs bitsandbytes and accelerate: pip install 'personaspace\[quantize\]'"
    ):
        LanguageModel.load("nano", settings=BaseSettings(quantize="8bit"))


def test_unknown_settings() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bfloat16'"):
        BaseSettings(dtype="bflaot16")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown quantize '3bit'"):
        BaseSettings(quantize="3bit")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["./typo", "../no/typo", "~/typo", "/no/typo", "a/b/c", "models/typo", "typo.gguf", "no/typo.gguf"]
)
def test_a_name_that_is_a_path_is_not_asked_for_on_the_hub(
    hub: FakeHub, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    with pytest.raises(UnknownNameError, match=f"unknown model '{name}': .*there is no such file or folder"):
        LanguageModel.load(name)
    assert hub.requests == []
    with pytest.raises(UnknownNameError, match=r"unknown model 'org/missing': .* hub repository ORGANISATION/NAME"):
        LanguageModel.load("org/missing")
    assert hub.requests


def test_an_old_name_without_an_organisation_is_asked_for_on_the_hub(hub: FakeHub) -> None:
    with pytest.raises(UnknownNameError, match="unknown model 'gpt2-missing'"):
        LanguageModel.load("gpt2-missing")
    assert hub.requests


def test_a_model_may_be_given_by_its_path(llama: LanguageModel, tmp_path: Path) -> None:
    llama.model.save_pretrained(tmp_path)
    llama.tokenizer.save_pretrained(tmp_path)
    assert SteeredLM(tmp_path).model.fingerprint == llama.fingerprint
    assert LanguageModel.load(tmp_path).name == str(tmp_path)
