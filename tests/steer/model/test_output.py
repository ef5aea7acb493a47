"""Models whose logits are not understood."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import BertConfig, BertLMHeadModel

from personaspace.errors import ModelError
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.output import check_model
from tests.steer.conftest import QUESTION, VOCABULARY, tiny_model, tiny_tokenizer


def test_a_model_that_reads_in_both_directions() -> None:
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48
    )
    bert: Any = LanguageModel(BertLMHeadModel(config), tiny_tokenizer(), "bert")
    with pytest.raises(ModelError, match="'bert' reads in both directions"):
        check_model(bert.model, bert.tokens(QUESTION), "bert")


def test_logits_that_are_not_understood() -> None:
    model = tiny_model("granite")
    model.model.config.logits_scaling = 1.0
    check_model(model.model, model.tokens(QUESTION), "granite")
    head = model.model.get_output_embeddings()
    head.register_forward_hook(lambda _, __, logits: logits.square())
    with pytest.raises(ModelError, match="changes its logits"):
        check_model(model.model, model.tokens(QUESTION), "granite")
