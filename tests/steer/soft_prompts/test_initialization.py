"""Virtual tokens before training."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from personaspace.steer.forward.attach import Attachment, Form, Placement
from personaspace.steer.forward.option_logits import label_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt, question_text
from personaspace.steer.model.question_cache import CachedQuestion
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.initialization import initialize, new_soft_prompt
from personaspace.steer.soft_prompts.registry import SOFT_PROMPTS, soft_prompt_settings
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steerer import Steerer
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import ATTACHMENTS, QUESTION, opposed_survey


def made(kind: str, model: LanguageModel, attachment: Attachment, seed: int = 0, **settings: Any) -> SoftPrompt:
    chosen = soft_prompt_settings(kind, **settings)
    steerer = Steerer(model, new_soft_prompt(chosen, 8, model, attachment, seed), attachment)
    initialize(steerer, torch.randn(20, 8), [model.read(QUESTION)], seed)
    return steerer.soft_prompt


@pytest.mark.parametrize("attachment", ATTACHMENTS, ids=lambda attachment: f"{attachment.placement}-{attachment.form}")
@pytest.mark.parametrize("kind", SOFT_PROMPTS)
def test_zero_start_is_nothing_for_every_point(llama: LanguageModel, kind: str, attachment: Attachment) -> None:
    module = made(kind, llama, attachment, init="zero")
    tokens = module(torch.randn(5, 8), llama.read(QUESTION).features)
    assert torch.equal(tokens, torch.zeros(5, *attachment.shape(llama)))


def started_from_text(model: LanguageModel, placement: Placement, form: Form, text: str) -> torch.Tensor:
    attachment = Attachment(placement, form, model.tokens(text, start=False).shape[1])
    module = made("question-aware", model, attachment, init="text", init_text=text)
    return Steerer(model, module, attachment).logits(torch.randn(2, 8), model.read(QUESTION), "ABC")


@pytest.mark.parametrize("attachment", ATTACHMENTS, ids=lambda attachment: f"{attachment.placement}-{attachment.form}")
def test_started_from_text_equals_the_text_standing_there(model: LanguageModel, attachment: Attachment) -> None:
    text = " Answer as this person would"
    words, question, cue = model.tokens(text, start=False), model.read(QUESTION).ids, model.cue[:, -1:]
    ids = [words, question, cue] if attachment.placement == "before" else [question, words, cue]
    hidden = model.model.base_model(torch.cat(ids, dim=1)).last_hidden_state[:, -1]
    there = label_logits(model, hidden, "ABC").expand(2, -1)
    torch.testing.assert_close(
        started_from_text(model, attachment.placement, attachment.form, text), there, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(
    "settings", [{}, {"init": "text", "init_text": " Answer as this person would"}], ids=["default", "text"]
)
def test_questions_are_read_once_one_after_the_other(model: LanguageModel, settings: dict[str, str]) -> None:
    """Only one is held when the next is read, and the scale is that of all their keys and values together."""
    texts = [QUESTION, question_text("Tea?", ["Yes", "No"]), question_text("Is it late? " * 8, ["Yes", "No"])]
    tokens = model.tokens(settings.get("init_text", "Yes"), start=False).shape[1]
    attachment, alive = Attachment("after", "prefix", tokens), list[Any]()

    def reading() -> Iterator[CachedQuestion]:
        for text in texts:
            assert sum(reference() is not None for reference in alive) <= 1
            question = model.read_ids(model.question_ids(text))
            alive.append(weakref.ref(question))
            yield question
            del question

    kind = soft_prompt_settings("mlp", **settings)
    steerer = Steerer(model, new_soft_prompt(kind, 8, model, attachment, 0), attachment)
    features = initialize(steerer, torch.randn(20, 8), reading(), 0)
    several = [model.read_ids(model.question_ids(text)) for text in texts]
    torch.testing.assert_close(features, torch.stack([question.features for question in several]))
    for layer in range(model.cached_layers):
        for which in (0, 1):
            whole = torch.cat([question.keys_values[layer][which].flatten() for question in several])
            torch.testing.assert_close(steerer.soft_prompt.scale[0, layer, which, 0, 0], whole.std())


def test_untrained_is_as_it_was_before_training(llama: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(llama, form="prompt", settings=TrainSettings(epochs=1))
    lm.fit(survey, space)
    fresh = new_soft_prompt(lm.kind, 8, llama, lm.attachment, 0)
    several = [llama.read(question_prompt(question)) for question in survey.questions]
    initialize(Steerer(llama, fresh, lm.attachment), torch.from_numpy(space.respondents_), several, 0)
    untrained = lm.untrained().soft_prompt_.state_dict()
    assert all(torch.equal(tensor, untrained[name]) for name, tensor in fresh.state_dict().items())
