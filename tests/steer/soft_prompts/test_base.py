"""What every soft-prompting model promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from personaspace.steer.forward.attach import Attachment, Form
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.informed import WIDTH as PRIOR_WIDTH
from personaspace.steer.soft_prompts.initialization import initialize, new_soft_prompt
from personaspace.steer.soft_prompts.registry import SOFT_PROMPTS, soft_prompt_settings
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steerer import Steerer
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import ATTACHMENTS, QUESTION, opposed_survey, tiny_model


def made(kind: str, model: LanguageModel, attachment: Attachment, seed: int = 0, **settings: Any) -> SoftPrompt:
    chosen = soft_prompt_settings(kind, **settings)
    steerer = Steerer(model, new_soft_prompt(chosen, 8, model, attachment, seed), attachment)
    initialize(steerer, torch.randn(20, 8), [model.read(QUESTION)], seed)
    return steerer.soft_prompt


@pytest.mark.parametrize("tokens", [1, 3, 20])
@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_shapes(llama: LanguageModel, kind: str, form: Form, tokens: int) -> None:
    attachment = Attachment("after", form, tokens)
    module = made(kind, llama, attachment)
    assert module(torch.randn(5, 8), llama.read(QUESTION).features).shape == (5, *attachment.shape(llama))


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_depends_on_seed_and_on_each_point_alone(llama: LanguageModel, kind: str, form: Form) -> None:
    attachment, points = Attachment("after", form, 2), torch.randn(5, 8)
    features = llama.read(QUESTION).features
    torch.manual_seed(1)
    first, again, other = (made(kind, llama, attachment, seed) for seed in (0, 0, 1))
    again.vectors.load_state_dict(first.vectors.state_dict())
    other.vectors.load_state_dict(first.vectors.state_dict())
    assert torch.equal(first(points, features), again(points, features))
    assert not torch.equal(first(points, features), other(points, features))
    torch.testing.assert_close(first(points, features)[2:3], first(points[2:3], features))


@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_gradient_reaches_the_point_and_every_weight(llama: LanguageModel, kind: str) -> None:
    attachment, points = Attachment("after", "prefix", 2), torch.randn(5, 8, requires_grad=True)
    module = made(kind, llama, attachment)
    prior = torch.rand(5, PRIOR_WIDTH) if kind == "informed" else None
    logits = Steerer(llama, module, attachment).logits(points, llama.read(QUESTION), "ABC", prior)
    torch.nn.functional.cross_entropy(logits, torch.zeros(5, dtype=torch.long)).backward()  # type: ignore[no-untyped-call]
    assert points.grad is not None
    assert (points.grad.abs().sum(1) > 0).all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize("kind", ["question-aware", "transformer"])
def test_the_question_aware_ones_see_the_question(llama: LanguageModel, kind: str) -> None:
    module, points = made(kind, llama, ATTACHMENTS[0]), torch.randn(2, 8)
    module.questions.load_state_dict({"mean": torch.zeros(64), "scale": torch.ones(64)})
    assert not torch.equal(module(points, torch.zeros(64)), module(points, torch.ones(64)))


LEARN = TrainSettings(epochs=40, respondents=64, questions=2, checks=1, patience=40)


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
