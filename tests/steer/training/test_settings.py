"""Training settings that serve base models of every width."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from personaspace.steer.forward.attach import Form
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import VOCABULARY, opposed_survey, tiny_tokenizer


def llama_of_width(width: int, weights: float) -> LanguageModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=width // 16, num_key_value_heads=width // 32, max_position_embeddings=256,
        initializer_range=weights,
    )  # fmt: skip
    model: Any = LlamaForCausalLM
    return LanguageModel(model(config), tiny_tokenizer(), f"width {width}")


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize(("width", "weights"), [(32, 0.2), (128, 0.1), pytest.param(512, 0.03, marks=pytest.mark.slow)])
def test_one_learning_rate_for_every_width(width: int, weights: float, form: Form) -> None:
    """Opposite camps: half the answers are right for whoever does not read the vector."""
    survey, space = opposed_survey(60, 2)
    settings = TrainSettings(epochs=40, respondents=64, questions=2, checks=1, patience=40)
    lm = SteeredLM(llama_of_width(width, weights), form=form, settings=settings).fit(survey, space)
    assert max(check["accuracy"] for check in lm.history_) > 0.9
