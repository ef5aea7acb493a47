"""Generated texts are the model's own, whoever else writes at the same time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import set_seed

from personaspace.errors import ModelError, SettingError, SurveyError
from personaspace.steer.forward.attach import attach
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import FAMILIES, Points, opposed_survey, tiny_model

PROMPTS = ["Why?", "What should the city build more of, and what should it cost?", "Who are you, and why?"]

LENGTH = 8


def steered_model(family: str, **settings: Any) -> SteeredLM:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(tiny_model(family), settings=TrainSettings(epochs=1), **settings).fit(survey, space)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():  # far enough from the base model to be heard
        for parameter in lm.soft_prompt_.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return lm


@pytest.fixture(scope="module")
def lm() -> SteeredLM:
    return steered_model("llama, grouped queries")


@pytest.fixture(params=FAMILIES)
def any_lm(request: pytest.FixtureRequest) -> SteeredLM:
    return steered_model(request.param)


def decoded(model: LanguageModel, ids: torch.Tensor) -> list[str]:
    return [text.strip() for text in model.tokenizer.batch_decode(ids, skip_special_tokens=True)]


def test_strength_one_is_what_generate_of_transformers_writes(any_lm: SteeredLM) -> None:
    model, points = any_lm.model, Points(3)
    cached = model.read(open_question(PROMPTS[1]))
    virtual = any_lm.soft_prompt_(torch.from_numpy(points.vectors), cached.features)
    given = attach(model, cached, virtual, any_lm.attachment)
    ids = model.model.generate(
        inputs_embeds=given.padded_embeddings(), past_key_values=given.cache(), attention_mask=given.mask(),
        max_new_tokens=LENGTH, do_sample=False, pad_token_id=0, repetition_penalty=1.0,
    )  # fmt: skip
    written = any_lm.generate(PROMPTS[1], points, temperature=0, max_new_tokens=LENGTH)
    assert list(written) == decoded(model, ids)


def test_strength_zero_is_what_the_base_model_writes(any_lm: SteeredLM) -> None:
    model = any_lm.model
    ids = torch.cat([model.tokens(open_question(PROMPTS[1])), model.cue], dim=1)
    base = model.model.generate(ids, max_new_tokens=LENGTH, do_sample=False, pad_token_id=0)[:, ids.shape[1] :]
    written = any_lm.generate(PROMPTS[1], Points(3), temperature=0, strength=0, max_new_tokens=LENGTH)
    assert list(written) == decoded(model, base) * 3


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize("form", ["prefix", "prompt"])
def test_strength_between_is_classifier_free_guidance(form: Any, placement: Any) -> None:
    """Every token is the likeliest under base + s (steered - base), computed afresh without any cache of ours."""
    lm = steered_model("llama, grouped queries", form=form, placement=placement)
    model, strength, points = lm.model, 1.7, Points(2)
    cached = model.read(open_question("Why?"))
    given = attach(model, cached, lm.soft_prompt_(torch.from_numpy(points.vectors), cached.features), lm.attachment)
    text = torch.cat([model.tokens(open_question("Why?")), model.cue], dim=1).expand(2, -1)
    written = torch.empty(2, 0, dtype=torch.long)
    for _ in range(5):
        embeddings = torch.cat([given.embeddings, model.embedding(written)], dim=1)
        mask = torch.ones(2, given.past_length + embeddings.shape[1], dtype=torch.long)
        seen = model.model(inputs_embeds=embeddings, past_key_values=given.cache(), attention_mask=mask).logits[:, -1]
        base = model.model(torch.cat([text, written], dim=1)).logits[:, -1]
        written = torch.cat([written, (base + strength * (seen - base)).argmax(-1, keepdim=True)], dim=1)
    answers = lm.generate("Why?", points, temperature=0, strength=strength, max_new_tokens=5)
    assert list(answers) == decoded(model, written)


def test_greedy_together_equals_greedy_alone(any_lm: SteeredLM) -> None:
    """Prompts of unlike length and several personas in one batch write as each would alone."""
    points = Points(3)
    together = any_lm.generate(PROMPTS, points, temperature=0, strength=1.3, max_new_tokens=LENGTH)
    assert together.index.names == ["prompt", "persona"]
    for prompt in PROMPTS:
        for row, name in enumerate(points.names):
            one = Points(3)
            one.names, one.vectors = (name,), points.vectors[[row]]
            alone = any_lm.generate(prompt, one, temperature=0, strength=1.3, max_new_tokens=LENGTH)
            assert alone[name] == together[prompt, name]


def test_a_sampled_text_hangs_on_nobody_else(lm: SteeredLM) -> None:
    points, last = Points(4), Points(4)
    last.names, last.vectors = points.names[3:], points.vectors[3:]
    how: dict[str, Any] = {"temperature": 1.5, "seed": 4, "max_new_tokens": LENGTH}
    everything = lm.generate(PROMPTS, points, samples=2, **how)
    assert everything.index.names == ["prompt", "persona", "sample"]
    assert len(everything) == 24
    assert everything.nunique() == 24
    assert lm.generate(PROMPTS[2], last, **how)["r3"] == everything[PROMPTS[2], "r3", 0]
    assert lm.generate(PROMPTS, points, samples=2, batch=5, **how).equals(everything)
    assert not lm.generate(PROMPTS, points, samples=2, **{**how, "seed": 5}).equals(everything)


def test_pieces_add_up_to_the_texts(lm: SteeredLM) -> None:
    how: dict[str, Any] = {"temperature": 1.0, "samples": 2, "max_new_tokens": 24}
    texts: dict[tuple[str, str, int], str] = {}
    ended = set()
    for piece in lm.stream(PROMPTS, Points(3), **how):
        key = piece.prompt, piece.persona, piece.sample
        assert key not in ended
        texts[key] = texts.get(key, "") + piece.text
        ended |= {key} if piece.done else set()
    assert texts == lm.generate(PROMPTS, Points(3), **how).to_dict()
    assert ended == set(texts)


def test_pieces_arrive_before_the_end(lm: SteeredLM) -> None:
    pieces = list(lm.stream("Why?", Points(1), temperature=0, max_new_tokens=24))
    assert len(pieces) > 3


def test_repetition_is_penalized_as_in_transformers(lm: SteeredLM) -> None:
    model, points = lm.model, Points(2)
    cached = model.read(open_question("Why?"))
    given = attach(model, cached, lm.soft_prompt_(torch.from_numpy(points.vectors), cached.features), lm.attachment)
    ids = model.model.generate(
        inputs_embeds=given.padded_embeddings(), past_key_values=given.cache(), attention_mask=given.mask(),
        max_new_tokens=LENGTH, do_sample=False, pad_token_id=0, repetition_penalty=5.0,
    )  # fmt: skip
    plain, penalized = (
        lm.generate("Why?", points, temperature=0, repetition_penalty=penalty, max_new_tokens=LENGTH)
        for penalty in (1.0, 5.0)
    )
    assert list(penalized) == decoded(model, ids)
    assert not plain.equals(penalized)


def test_writing_leaves_other_random_numbers_alone(lm: SteeredLM) -> None:
    set_seed(0)
    expected = torch.rand(1)
    set_seed(0)
    lm.generate("Why?", Points(2), max_new_tokens=3)
    assert torch.equal(torch.rand(1), expected)


def test_a_stop_string_ends_a_written_text(lm: SteeredLM) -> None:
    whole = lm.generate("Why?", Points(1), temperature=0, max_new_tokens=24)["r0"]
    stop = whole[len(whole) // 2 : len(whole) // 2 + 2]
    assert lm.generate("Why?", Points(1), temperature=0, max_new_tokens=24, stop=stop)["r0"] == (
        whole[: whole.index(stop)].rstrip()
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": float("inf")}, "strength is inf"),
        ({"temperature": -1}, "temperature is -1: give a number from 0 up"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_p": 0}, "top_p is 0: give a number above 0, at most 1"),
        ({"top_k": -1}, "top_k is -1"),
        ({"repetition_penalty": 0}, "repetition_penalty is 0"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"stop": ["a", ""]}, "stop is .*not empty"),
        ({"samples": 0}, "samples is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_settings_say_what_is_allowed(lm: SteeredLM, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        lm.stream("Why?", Points(), **settings)


def test_bad_prompts_and_personas_say_what_is_wrong(lm: SteeredLM) -> None:
    with pytest.raises(SettingError, match="an empty prompt"):
        lm.generate(["Why?", " "], Points())
    with pytest.raises(SettingError, match="given twice"):
        lm.generate(["Why?", "Why?"], Points())
    with pytest.raises(SettingError, match="no personas given"):
        lm.generate("Why?", Points(0))
    with pytest.raises(SurveyError, match=r"takes \[n, 8\]"):
        lm.generate("Why?", Points(2, dim=5))
    with pytest.raises(ModelError, match="reads at most 256"):
        lm.generate("Why? " * 200, Points())
