"""Input embeddings are answered as the personas answer here."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, OPTConfig, OPTForCausalLM

from personaspace.errors import ModelError, SurveyError
from personaspace.files import read_metadata, read_tensors
from personaspace.not_fitted import NotFittedError
from personaspace.steer.export.peft import PROBE, export_peft
from personaspace.steer.export.prompt_embeds import export_embeds, prompt_embeds, wire_format
from personaspace.steer.forward.attach import Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import FAMILIES, VOCABULARY, Points, tiny_model, tiny_tokenizer
from tests.steer.export.exported import ASKED, label_probabilities, steered


def gemma(kind: int) -> LanguageModel:
    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256,
    }  # fmt: skip
    if kind == 1:
        return LanguageModel(GemmaForCausalLM(GemmaConfig(**shape)), tiny_tokenizer(), "gemma")
    return LanguageModel(Gemma3ForCausalLM(Gemma3TextConfig(**shape, sliding_window=256)), tiny_tokenizer(), "gemma3")


def narrow_opt() -> LanguageModel:
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=VOCABULARY, hidden_size=32, ffn_dim=48, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=256, word_embed_proj_dim=16,
    )  # fmt: skip
    return LanguageModel(OPTForCausalLM(config), tiny_tokenizer(), "opt with narrow embeddings")


@pytest.mark.parametrize("placement", get_args(Placement))
@pytest.mark.parametrize("soft_prompt", ["mlp", "question-aware"])
def test_the_base_model_alone_on_these_embeddings_answers_as_the_persona(
    placement: Placement, soft_prompt: str
) -> None:
    for model in (*map(tiny_model, FAMILIES), gemma(1), gemma(3), narrow_opt()):
        lm = steered(model, "prompt", placement, soft_prompt)
        embeddings = prompt_embeds(lm, Points(), ASKED)
        assert embeddings.shape[::2] == (3, model.width)
        logits = model.model(inputs_embeds=embeddings).logits
        expected = lm.predict(Points().vectors, ASKED)
        np.testing.assert_allclose(label_probabilities(model, logits), expected, atol=1e-5, err_msg=model.name)


@pytest.mark.parametrize("kind", [1, 3])
def test_scaled_embeddings_are_exported_scaled(kind: int) -> None:
    """The first layer of Gemma reads embeddings times the root of its width; a server adds no factor."""
    model = gemma(kind)
    exported = prompt_embeds(steered(model, "prompt", "after"), Points(1), ASKED)
    ids = model.tokens(question_prompt(ASKED))
    expected = model.embedding.weight[ids[0]] * 32**0.5
    torch.testing.assert_close(exported[0, : ids.shape[1]], expected, rtol=1e-6, atol=1e-6)


def test_the_wire_holds_one_sequence_and_nothing_else(llama: LanguageModel) -> None:
    embeddings = prompt_embeds(steered(llama, "prompt", "after"), Points(50), "Why parks?")
    sent = base64.b64decode(wire_format(embeddings[7]), validate=True)
    received = torch.load(io.BytesIO(sent), weights_only=True)
    assert received.dtype == torch.float32
    assert received.shape == embeddings.shape[1:]
    assert received.numpy().tobytes() == embeddings[7].detach().numpy().tobytes()
    assert len(sent) < received.nbytes + 4096


@pytest.mark.parametrize("kind", ["mlp", "informed"])
def test_a_file_of_embeddings_says_all_that_an_answer_takes(llama: LanguageModel, tmp_path: Path, kind: str) -> None:
    lm, points = steered(llama, "prompt", "after", kind), Points()
    lm.temperature_ = 1.5
    path = export_embeds(lm, points, ASKED.text, [option.text for option in ASKED.options], tmp_path)
    tensors, about = read_tensors(path), read_metadata(path)
    assert (about["question"], json.loads(about["outcomes"])) == (ASKED.text, ["Yes", "Perhaps", "No"])
    assert json.loads(about["temperature"]) == lm.temperature_
    for row, name in enumerate(points.names):
        logits = llama.model(inputs_embeds=torch.from_numpy(tensors[name])[None]).logits[0, -1]
        added = json.loads(about["share"]) * logits[json.loads(about["labels"])].detach()
        prior = torch.tensor(json.loads(about["log_prior"])[name])
        answers = ((prior + added) / json.loads(about["temperature"])).softmax(-1).numpy()
        np.testing.assert_allclose(answers, lm.predict(points.vectors, ASKED)[row], atol=1e-5)


def test_greedy_words_from_embeddings_are_the_persona_s(llama: LanguageModel) -> None:
    lm = steered(llama, "prompt", "after", "question-aware")
    ids = llama.model.generate(
        inputs_embeds=prompt_embeds(lm, Points(), "Why parks?"), do_sample=False, max_new_tokens=8, pad_token_id=0
    )
    texts = [text.strip() for text in llama.tokenizer.batch_decode(ids, skip_special_tokens=True)]
    assert texts == list(lm.generate("Why parks?", Points(), temperature=0, max_new_tokens=8))


def test_clear_errors(llama: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="steer with form 'prompt'"):
        prompt_embeds(steered(llama, "prefix", "after"), Points(), ASKED)
    with pytest.raises(NotFittedError, match="call fit"):
        prompt_embeds(SteeredLM(llama, form="prompt"), Points(), ASKED)
    with pytest.raises(SurveyError, match=r"takes \[n, 8\]"):
        export_peft(steered(llama, "prompt", "before"), Points(2, dim=5), tmp_path)
    with pytest.raises(ModelError, match="reads at most 256"):
        prompt_embeds(steered(llama, "prompt", "before"), Points(), "word " * 400)
    assert llama.tokens(PROBE).shape[1] < 100
