"""What a language model makes of text, devices and other models."""

from __future__ import annotations

import pytest
import torch

from personaspace.errors import ModelError, SettingError
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.question import Option, Question
from tests.steer.conftest import tiny_model


def test_survey_text_is_never_a_special_token(model: LanguageModel) -> None:
    text = "Is <|endoftext|> a word?"
    assert model.tokenizer.eos_token_id not in model.tokens(text, start=False)[0]
    assert model.tokenizer.decode(model.tokens(text, start=False)[0]) == text


def test_a_fine_tuned_model_is_another_model(llama: LanguageModel) -> None:
    before = tiny_model("llama, grouped queries").fingerprint
    assert llama.fingerprint == before
    other = tiny_model("llama, grouped queries")
    with torch.no_grad():
        other.model.model.layers[1].mlp.up_proj.weight[0, 0] += 0.1
    assert other.fingerprint != before


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(SettingError, match="device 'gpu' cannot be used here"):
        LanguageModel.load("nano", device="gpu")


def test_a_question_that_cannot_be_asked_is_named_before_any_training(llama: LanguageModel) -> None:
    long = Question("q-long", "word " * 400, (Option("Yes"), Option("No")))
    states = Question("q-states", "Where?", tuple(Option(f"State {i}") for i in range(700)))
    for question in (long, states):
        with pytest.raises(ModelError, match=f"question '{question.id}' cannot be asked"):
            SteeredLM(llama).check([question])


def test_a_question_out_of_the_window_of_a_prefix_is_named_before_any_training() -> None:
    model = tiny_model("mistral, short window")
    question = Question("q-1", "Is it late? " * 9, (Option("Yes"), Option("No")))
    with pytest.raises(ModelError, match=r"question 'q-1' cannot be asked .* see only the last 24 tokens"):
        SteeredLM(model, form="prefix", placement="before").check([question])
    SteeredLM(model, form="prompt", placement="before").check([question])
    SteeredLM(model, form="prefix", placement="after").check([question])
