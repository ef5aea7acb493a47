"""What every soft-prompting model promises, and where it starts."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from personaspace.errors import SettingError, UnknownNameError
from personaspace.steer.forward.attach import Attachment, Form, Placement
from personaspace.steer.forward.option_logits import steered_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.initialization import new_soft_prompt, prepare
from personaspace.steer.soft_prompts.registry import SOFT_PROMPTS, kind_of, soft_prompt_settings
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import QUESTION, opposed_survey, tiny_model

WAYS = [Attachment(p, f, 2) for p, f in product(get_args(Placement), get_args(Form))]
LEARN = TrainSettings(epochs=40, respondents=64, questions=2, checks=1, patience=40)


def made(kind: str, model: LanguageModel, way: Attachment, seed: int = 0, **settings: Any) -> SoftPrompt:
    chosen = soft_prompt_settings(kind, **settings)
    module = new_soft_prompt(chosen, 8, model, way, seed)
    prepare(module, model, way, torch.randn(20, 8), [model.read(QUESTION)], seed)
    return module


@pytest.mark.parametrize("tokens", [1, 3, 20])
@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_shapes(llama: LanguageModel, kind: str, form: Form, tokens: int) -> None:
    way = Attachment("after", form, tokens)
    module = made(kind, llama, way)
    assert module(torch.randn(5, 8), llama.read(QUESTION).features).shape == (5, *way.shape(llama))


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_depends_on_seed_and_on_each_point_alone(llama: LanguageModel, kind: str, form: Form) -> None:
    way, points = Attachment("after", form, 2), torch.randn(5, 8)
    features = llama.read(QUESTION).features
    torch.manual_seed(1)
    first, again, other = (made(kind, llama, way, seed) for seed in (0, 0, 1))
    again.vectors.load_state_dict(first.vectors.state_dict())
    other.vectors.load_state_dict(first.vectors.state_dict())
    assert torch.equal(first(points, features), again(points, features))
    assert not torch.equal(first(points, features), other(points, features))
    torch.testing.assert_close(first(points, features)[2:3], first(points[2:3], features))


@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_gradient_reaches_the_point_and_every_weight(llama: LanguageModel, kind: str) -> None:
    way, points = Attachment("after", "prefix", 2), torch.randn(5, 8, requires_grad=True)
    module = made(kind, llama, way)
    logits = steered_logits(llama, module, way, llama.read(QUESTION), points, 3)
    torch.nn.functional.cross_entropy(logits, torch.zeros(5, dtype=torch.long)).backward()  # type: ignore[no-untyped-call]
    assert points.grad is not None
    assert (points.grad.abs().sum(1) > 0).all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize("kind", ["question-aware", "transformer"])
def test_the_question_aware_ones_see_the_question(llama: LanguageModel, kind: str) -> None:
    module, points = made(kind, llama, WAYS[0]), torch.randn(2, 8)
    module.questions.load_state_dict({"mean": torch.zeros(64), "scale": torch.ones(64)})
    assert not torch.equal(module(points, torch.zeros(64)), module(points, torch.ones(64)))


@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_saved_equals_loaded(llama: LanguageModel, tmp_path: Path, kind: str) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(llama, soft_prompt=kind, settings=TrainSettings(epochs=1)).fit(survey, space)
    lm.save(tmp_path)
    loaded = SteeredLM.load(tmp_path, llama)
    assert loaded.kind == lm.kind
    vectors, question = space.respondents_, survey.questions[0]
    np.testing.assert_array_equal(lm.predict(vectors, question), loaded.predict(vectors, question))


@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_learns_what_the_space_knows(kind: str) -> None:
    """Opposite camps: half the answers are right for whoever does not read the vector."""
    survey, space = opposed_survey(60, 2, alike=kind in ("linear", "mlp"))
    lm = SteeredLM(tiny_model("llama, grouped queries"), soft_prompt=kind, settings=LEARN).fit(survey, space)
    assert max(check["accuracy"] for check in lm.history_) > 0.9


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.placement}-{way.form}")
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_zero_start_is_nothing_for_every_point(llama: LanguageModel, kind: str, way: Attachment) -> None:
    module = made(kind, llama, way, start="zero")
    tokens = module(torch.randn(5, 8), llama.read(QUESTION).features)
    assert torch.equal(tokens, torch.zeros(5, *way.shape(llama)))


def started_from_text(model: LanguageModel, placement: Placement, form: Form, text: str) -> torch.Tensor:
    way = Attachment(placement, form, model.tokens(text, start=False).shape[1])
    module = made("question-aware", model, way, start="text", init_text=text)
    return steered_logits(model, module, way, model.read(QUESTION), torch.randn(2, 8), 3)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.placement}-{way.form}")
def test_started_from_text_equals_the_text_standing_there(model: LanguageModel, way: Attachment) -> None:
    text = " Answer as this person would"
    words, question, cue = model.tokens(text, start=False), model.read(QUESTION).ids, model.cue[:, -1:]
    ids = [words, question, cue] if way.placement == "before" else [question, words, cue]
    hidden = model.model.base_model(torch.cat(ids, dim=1)).last_hidden_state[:, -1]
    there = model.label_logits(hidden, 3).expand(2, -1)
    torch.testing.assert_close(started_from_text(model, way.placement, way.form, text), there, atol=1e-5, rtol=1e-5)


def test_untrained_is_as_it_was_before_training(llama: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(llama, form="prompt", settings=TrainSettings(epochs=1))
    lm.fit(survey, space)
    fresh = new_soft_prompt(lm.kind, 8, llama, lm.attachment, 0)
    readings = [llama.read(question_prompt(question)) for question in survey.questions]
    prepare(fresh, llama, lm.attachment, torch.from_numpy(space.respondents_), readings, 0)
    untrained = lm.untrained().soft_prompt_.state_dict()
    assert all(torch.equal(tensor, untrained[name]) for name, tensor in fresh.state_dict().items())


def test_settings_go_with_their_kind() -> None:
    for kind in SOFT_PROMPTS:
        settings = soft_prompt_settings(kind)
        assert kind_of(settings) == kind
        assert soft_prompt_settings(kind, **asdict(settings)) == settings
    assert soft_prompt_settings("mlp", hidden=7) == replace(soft_prompt_settings("mlp"), hidden=7)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("mlp", {"hiden": 3}, "'mlp' has no setting 'hiden': it has start, start_text, hidden"),
        ("mlp", {"hidden": 0}, "hidden of the soft-prompting model is 0: give 1 to 65536"),
        ("mlp", {"hidden": 2.5}, r"hidden of the soft-prompting model is 2\.5"),
        ("transformer", {"hidden": 30}, "hidden is 30, which 4 heads cannot share"),
        ("linear", {"start": "text"}, "a text is given with start 'text'"),
        ("linear", {"start": "zero", "start_text": "As I would"}, "and with no other"),
    ],
)
def test_bad_settings(kind: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        soft_prompt_settings(kind, **settings)


def test_unknown_names(llama: LanguageModel) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        soft_prompt_settings("liner")
    with pytest.raises(UnknownNameError, match="did you mean 'zero'"):
        soft_prompt_settings("mlp", start="zeros")
    with pytest.raises(SettingError, match=r"has [3-9] tokens of .*, but 2 virtual token"):
        made("mlp", llama, WAYS[0], start="text", init_text="Answer as I would")
