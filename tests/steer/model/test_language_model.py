"""Text, devices and other models."""

from __future__ import annotations

import pytest
import torch

from personaspace.errors import SettingError
from personaspace.steer.model.language_model import LanguageModel
from tests.steer.conftest import QUESTION, tiny_model


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


def test_virtual_tokens_start_at_the_scale_the_model_reads() -> None:
    """Gemma scales its embeddings; tokens that start from words must start from the scaled ones."""
    model = tiny_model("gemma3")
    assert torch.allclose(model.vocabulary(), model.embedding.weight * 32**0.5)
    ids = model.tokens(QUESTION)
    read = model.model.base_model(inputs_embeds=model.vocabulary()[ids[0]][None]).last_hidden_state
    torch.testing.assert_close(read, model.model.base_model(ids).last_hidden_state)
