"""What leaves the house answers as it did inside: PEFT folders and input embeddings."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, OPTConfig, OPTForCausalLM

from personaspace.errors import ModelError, NotFittedError, SurveyError
from personaspace.files import read_metadata, read_tensors
from personaspace.steer.export.peft import PROBE, export_peft
from personaspace.steer.export.prompt_embeds import prompt_embeds, wire_format
from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question, question_prompt
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option, Question
from tests.steer.conftest import FAMILIES, VOCABULARY, Points, opposed_survey, tiny_model, tiny_tokenizer

ASKED = Question("asked", "Should the city build more parks?", (Option("Yes"), Option("Perhaps"), Option("No")))


def steered(model: LanguageModel, form: Form, placement: Placement, soft_prompt: str = "mlp") -> SteeredLM:
    survey, space = opposed_survey(20, 3)
    settings = TrainSettings(epochs=1, learning_rate=1e-2)
    lm = SteeredLM(model, form=form, placement=placement, soft_prompt=soft_prompt, tokens=3, settings=settings)
    lm.fit(survey, space).temperature_ = 1.0  # other programs' logits are not calibrated
    return lm


def label_probabilities(model: LanguageModel, logits: torch.Tensor) -> np.ndarray[Any, Any]:
    options = model.label_ids[: len(ASKED.options)]
    return logits[:, -1, options].softmax(-1).detach().numpy()


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


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("family", FAMILIES)
def test_plain_peft_answers_as_the_persona(family: str, form: Form, tmp_path: Path) -> None:
    """PEFT's own code on the exported folder gives our probabilities, and its ``generate`` our words."""
    lm = steered(tiny_model(family), form, "before")
    points = Points(2)
    expected = lm.predict(points.vectors, ASKED)
    assert np.abs(expected[0] - expected[1]).max() > 1e-4
    words = lm.generate("Why parks?", points, temperature=0, max_new_tokens=8)
    prompt = open_question("Why parks?") + "Answer:"
    for row, folder in enumerate(export_peft(lm, points, tmp_path).values()):
        plain = tiny_model(family)
        peft: Any = PeftModel.from_pretrained(plain.model, folder).eval()
        ids = plain.tokenizer(question_prompt(ASKED) + "Answer:", return_tensors="pt").input_ids
        np.testing.assert_allclose(label_probabilities(plain, peft(ids).logits)[0], expected[row], atol=1e-5)
        ids = plain.tokenizer(prompt, return_tensors="pt").input_ids
        written = peft.generate(input_ids=ids, do_sample=False, max_new_tokens=8, pad_token_id=0)
        answer = plain.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        assert answer.strip() == words.iloc[row]


@pytest.mark.parametrize("form", get_args(Form))
def test_the_folder_names_its_base_model(form: Form, tmp_path: Path) -> None:
    tiny = tiny_model("llama, grouped queries")
    tiny.model.save_pretrained(tmp_path / "base")
    tiny.tokenizer.save_pretrained(tmp_path / "base")
    lm = steered(LanguageModel.load(str(tmp_path / "base")), form, "before")
    (folder,) = export_peft(lm, Points(1), tmp_path / "personas").values()
    assert sorted(path.name for path in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    peft: Any = AutoPeftModelForCausalLM.from_pretrained(folder)
    ids = tiny.tokenizer(question_prompt(ASKED) + "Answer:", return_tensors="pt").input_ids
    expected = lm.predict(Points(1).vectors, ASKED)
    np.testing.assert_allclose(label_probabilities(tiny, peft(ids).logits), expected, atol=1e-5)


def test_names_of_personas_are_not_paths(llama: LanguageModel, tmp_path: Path) -> None:
    points = Points(4)
    points.names = ("../up", "POLPARTY=Democrat", "a/b", "a:b")
    folders = export_peft(steered(llama, "prompt", "before"), points, tmp_path / "out")
    assert list(folders) == list(points.names)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len({path.resolve() for path in folders.values()}) == 4
    assert folders["POLPARTY=Democrat"] == tmp_path / "out" / "POLPARTY=Democrat"


@pytest.mark.parametrize(
    ("placement", "soft_prompt", "reason"),
    [
        ("after", "mlp", "this model has them after the question"),
        ("before", "question-aware", "makes other virtual tokens for every question"),
    ],
)
def test_what_no_fixed_tokens_can_say_is_refused(
    llama: LanguageModel, placement: Placement, soft_prompt: str, reason: str, tmp_path: Path
) -> None:
    lm = steered(llama, "prompt", placement, soft_prompt)
    with pytest.raises(ModelError, match=f"{reason}.*--placement before --soft-prompt mlp"):
        export_peft(lm, Points(), tmp_path)
    assert not list(tmp_path.iterdir())


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


def test_a_file_of_embeddings_says_what_it_holds(llama: LanguageModel, tmp_path: Path) -> None:
    lm, points = steered(llama, "prompt", "after"), Points()
    path = lm.export_embeds(points, ASKED.text, [option.text for option in ASKED.options], tmp_path)
    tensors, about = read_tensors(path), read_metadata(path)
    assert (about["question"], json.loads(about["outcomes"])) == (ASKED.text, ["Yes", "Perhaps", "No"])
    assert json.loads(about["temperature"]) == lm.temperature_
    for row, name in enumerate(points.names):
        logits = llama.model(inputs_embeds=torch.from_numpy(tensors[name])[None]).logits[0, -1]
        answers = logits[json.loads(about["labels"])].softmax(-1).detach().numpy()
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
