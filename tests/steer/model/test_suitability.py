"""Models that cannot be steered: logits, weights, caches or embeddings that are not understood."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from transformers import BertConfig, BertLMHeadModel

from personaspace.errors import ModelError
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.suitability import check_model
from tests.steer.conftest import LLAMA, QUESTION, UNSUITABLE, VOCABULARY, filled, tiny_model, tiny_tokenizer


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


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("all_of_it", [True, False])
def test_weights_that_are_not_numbers(value: float, all_of_it: bool) -> None:
    model = tiny_model("llama, grouped queries")
    weight = model.model.model.layers[1].mlp.up_proj.weight
    (weight if all_of_it else weight[3, 5]).fill_(value)
    with pytest.raises(ModelError, match=r"1 tensor\(s\) of weights with NaN .* 'model.layers.1.mlp.up_proj.weight'"):
        check_model(model.model, model.tokens(QUESTION), "llama")


@pytest.mark.parametrize("family", UNSUITABLE)
def test_a_family_that_keeps_more_than_keys_and_values_is_refused(family: str) -> None:
    """In the same line, at loading and where a model that was not loaded here reads."""
    torch.manual_seed(0)
    try:
        config = getattr(transformers, f"{family}Config")(**{**LLAMA, **UNSUITABLE[family]})
        auto: Any = transformers.AutoModelForCausalLM
        model = LanguageModel(filled(auto.from_config(config)), tiny_tokenizer(), family)
    except Exception as error:
        pytest.skip(f"this version of transformers does not build it: {type(error).__name__}: {error}")
    says = f"model '{family}' has layers without keys and values: choose a model with attention only"
    for reads in (lambda: check_model(model.model, model.tokens(QUESTION), family), lambda: model.read(QUESTION)):
        with pytest.raises(ModelError) as refused:
            reads()
        assert str(refused.value) == says


@pytest.mark.parametrize(
    ("family", "says"), [("Gemma3nText", "takes more from its tokens"), ("Gemma4Text", "reads no input embeddings but")]
)
def test_a_family_with_embeddings_for_every_layer_is_refused(family: str, says: str) -> None:
    """A virtual token has no embeddings but the first, and without the others a token is not what it was."""
    layers: dict[str, Any] = {
        "num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2, "head_dim": 8,
        "vocab_size_per_layer_input": VOCABULARY, "hidden_size_per_layer_input": 8,
    }  # fmt: skip
    own: dict[str, Any] = {"laurel_rank": 4, "altup_num_inputs": 2, "activation_sparsity_pattern": [0.0] * 4}
    torch.manual_seed(0)
    for shared in (0, 2):
        config = {**LLAMA, **layers, **(own if family == "Gemma3nText" else {}), "num_kv_shared_layers": shared}
        try:
            auto: Any = transformers.AutoModelForCausalLM
            made = filled(auto.from_config(getattr(transformers, f"{family}Config")(**config)))
            model = LanguageModel(made, tiny_tokenizer(), family)
        except Exception as error:
            pytest.skip(f"this version of transformers does not build it: {type(error).__name__}: {error}")
        with pytest.raises(ModelError, match=says):
            check_model(model.model, model.tokens(QUESTION), family)
