"""Precision, quantization and memory of a base model."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertLMHeadModel

from personaspace.errors import ModelError, SettingError, UnknownNameError
from personaspace.steer.forward.attach import Attachment, attach
from personaspace.steer.forward.forward import hidden_after_cue
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.model.output import check_model
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import FAMILIES, QUESTION, VOCABULARY, Points, opposed_survey, tiny_model, tiny_tokenizer

QUICK = TrainSettings(epochs=1, respondents=32, questions=4)
LOADED = [
    BaseSettings(dtype="bfloat16"),
    BaseSettings(dtype="float16"),
    BaseSettings(quantize="8bit"),
    BaseSettings(quantize="4bit"),
]


@pytest.mark.parametrize("settings", LOADED, ids=lambda s: f"{s.dtype}-{s.quantize}")
def test_nano_in_low_precision_answers_alike_and_is_steered(settings: BaseSettings, tmp_path: Path) -> None:
    """Close to single precision, trainable, and loaded again as it was trained."""
    if settings.quantize != "none":
        pytest.importorskip("bitsandbytes")
    model, exact = LanguageModel.load("nano", settings=settings), LanguageModel.load("nano")
    tolerance = 0.1 if settings.quantize == "4bit" else 0.03
    assert (model.score([QUESTION], [3]) - exact.score([QUESTION], [3])).abs().max() < tolerance
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
    way = Attachment("before", "prompt", 2)
    virtual = model.vocabulary()[None, 300:302].requires_grad_()
    hidden = hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, way))
    return torch.autograd.grad(model.label_logits(hidden, 2)[0, 0], virtual)[0].flatten()


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


@pytest.mark.parametrize("family", FAMILIES)
def test_recomputed_activations_give_the_same_gradients(family: str) -> None:
    way, results, saved = Attachment("before", "prompt", 2), [], list[int]()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor.nbytes)
        return tensor

    for recompute in (False, True):
        model = tiny_model(family, BaseSettings(recompute=recompute))
        virtual = torch.randn(3, *way.shape(model), generator=torch.Generator().manual_seed(1)).requires_grad_()
        saved.clear()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            hidden = hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, way))
        results.append((hidden, torch.autograd.grad(hidden.square().sum(), virtual)[0], sum(saved)))
    torch.testing.assert_close(results[0][0], results[1][0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(results[0][1], results[1][1], atol=1e-5, rtol=1e-4)
    assert results[1][2] < 0.5 * results[0][2]


def test_recomputing_is_refused_where_it_would_drop_the_cache() -> None:
    model = tiny_model("llama, grouped queries", BaseSettings(recompute=True))
    for placement, form in (("after", "prompt"), ("after", "prefix"), ("before", "prefix")):
        with pytest.raises(SettingError, match=f"not with {form} {placement} it"):
            SteeredLM(model, form=form, placement=placement).fit(*opposed_survey(20, 2))  # type: ignore[arg-type]


def test_virtual_tokens_start_at_the_scale_the_model_reads() -> None:
    """Gemma scales its embeddings; tokens that start from words must start from the scaled ones."""
    model = tiny_model("gemma3")
    assert torch.allclose(model.vocabulary(), model.embedding.weight * 32**0.5)
    ids = model.tokens(QUESTION)
    read = model.model.base_model(inputs_embeds=model.vocabulary()[ids[0]][None]).last_hidden_state
    torch.testing.assert_close(read, model.model.base_model(ids).last_hidden_state)


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
