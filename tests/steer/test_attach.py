"""What virtual tokens do in a forward pass, for every family of models."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import numpy as np
import pytest
import torch

from personaspace.errors import ModelError, SettingError, UnknownNameError
from personaspace.steer.attach import Attachment, Form, Placement, attach, hidden_after_cue
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.prompt import question_text
from tests.steer.conftest import QUESTION, tiny_model

WAYS = [Attachment(p, f, 2) for p, f in product(get_args(Placement), get_args(Form))]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way.placement}-{way.form}")
def way(request: pytest.FixtureRequest) -> Any:
    return request.param


def virtual_tokens(model: LanguageModel, way: Attachment, n: int = 3) -> torch.Tensor:
    return torch.randn(n, *way.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5


def test_padded_equals_alone(model: LanguageModel) -> None:
    texts = [QUESTION, question_text("Tea?", ["Yes", "No"]), question_text("Is it late? " * 8, ["Yes", "No", "So so"])]
    sizes = [3, 2, 3]
    together = model.score(texts, sizes)
    alone = [torch.nn.functional.pad(model.score([t], [n]), (0, 3 - n)) for t, n in zip(texts, sizes, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-6, rtol=1e-5)


def test_label_rows_equal_full_logits(model: LanguageModel) -> None:
    ids = torch.cat([model.tokens(QUESTION), model.cue], dim=1)
    logits = model.model(ids).logits[0, -1, model.label_ids[:3]].softmax(-1)
    torch.testing.assert_close(model.score([QUESTION], [3])[0], logits, atol=1e-6, rtol=1e-5)


def test_cached_question_equals_recomputed(model: LanguageModel) -> None:
    """Prompt form after a cached question is the plain pass over question, tokens and cue."""
    way = Attachment("after", "prompt", 2)
    reading, virtual = model.read(QUESTION), virtual_tokens(model, way)
    cached = hidden_after_cue(model, attach(model, reading, virtual, way))
    text = [model.embedding(ids).expand(3, -1, -1) for ids in (reading.ids, model.cue[:, -1:])]
    plain = model.model.base_model(inputs_embeds=torch.cat([text[0], virtual, text[1]], dim=1)).last_hidden_state
    torch.testing.assert_close(cached, plain[:, -1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("family", ["gpt2", "llama, grouped queries"])
def test_shared_question_equals_copied_question(family: str, form: Form) -> None:
    """One copy of the question for the batch gives the same states and gradients as one copy per persona."""
    model, gradients, states = tiny_model(family), [], []
    way = Attachment("after", form, 2)
    for model.shares in (None, False):
        virtual = virtual_tokens(model, way).requires_grad_()
        states.append(hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, way)))
        states[-1].square().sum().backward()  # type: ignore[no-untyped-call]
        gradients.append(virtual.grad)
        assert model.shares is (len(states) == 1)
    torch.testing.assert_close(*states, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-4)


def test_prefix_made_of_real_tokens_equals_those_tokens(model: LanguageModel) -> None:
    """A prefix holding the keys and values of real tokens is as if the model had read them."""
    words = model.tokens("Yes, many")
    _, layers, _, heads, head_dim = Attachment("before", "prefix", words.shape[1]).shape(model)
    prefix = torch.stack([torch.stack([k[0], v[0]]) for k, v in model.read_ids(words).keys_values])
    virtual = prefix.permute(3, 0, 1, 2, 4).reshape(1, -1, layers, 2, heads, head_dim)
    steered = hidden_after_cue(
        model, attach(model, model.read(QUESTION), virtual, Attachment("before", "prefix", words.shape[1]))
    )
    plain = model.model.base_model(torch.cat([words, model.tokens(QUESTION), model.cue], dim=1)).last_hidden_state
    torch.testing.assert_close(steered, plain[:, -1], atol=1e-5, rtol=1e-5)


def test_batch_order_does_not_matter(model: LanguageModel, way: Attachment) -> None:
    reading, virtual = model.read(QUESTION), virtual_tokens(model, way)
    hidden = hidden_after_cue(model, attach(model, reading, virtual, way))
    order = torch.tensor([2, 0, 1])
    shuffled = hidden_after_cue(model, attach(model, reading, virtual[order], way))
    torch.testing.assert_close(hidden[order], shuffled, atol=1e-6, rtol=1e-5)
    alone = hidden_after_cue(model, attach(model, reading, virtual[1:2], way))
    torch.testing.assert_close(hidden[1:2], alone, atol=1e-5, rtol=1e-5)


def test_virtual_tokens_have_an_effect(model: LanguageModel, way: Attachment) -> None:
    reading, virtual = model.read(QUESTION), virtual_tokens(model, way)
    hidden = hidden_after_cue(model, attach(model, reading, virtual, way))
    assert (hidden[0] - hidden[1]).abs().max() > 1e-4


def test_generate_equals_stepwise_greedy(model: LanguageModel, way: Attachment) -> None:
    reading, virtual = model.read(QUESTION), virtual_tokens(model, way)
    continuation = attach(model, reading, virtual, way)
    ids = model.model.generate(
        inputs_embeds=continuation.padded_embeddings(),
        past_key_values=continuation.cache(),
        attention_mask=continuation.mask(),
        max_new_tokens=6,
        min_new_tokens=6,
        do_sample=False,
        pad_token_id=0,
    )
    embeddings, stepwise = continuation.embeddings, []
    for _ in range(6):
        n, length = len(embeddings), embeddings.shape[1] + continuation.past_length
        logits = model.model(
            inputs_embeds=embeddings,
            past_key_values=continuation.cache(),
            attention_mask=torch.ones(n, length, dtype=torch.long),
        ).logits[:, -1]
        logits[:, model.tokenizer.eos_token_id] = -torch.inf
        stepwise.append(logits.argmax(-1))
        embeddings = torch.cat([embeddings, model.embedding(stepwise[-1])[:, None]], dim=1)
    assert np.array_equal(ids.numpy(), torch.stack(stepwise, dim=1).numpy())


def test_reading_twice_is_the_same(model: LanguageModel, way: Attachment) -> None:
    """A forward pass must not leave traces in a reading that is used again."""
    reading, virtual = model.read(QUESTION), virtual_tokens(model, way)
    first = hidden_after_cue(model, attach(model, reading, virtual, way))
    assert torch.equal(first, hidden_after_cue(model, attach(model, reading, virtual, way)))


def test_bad_settings() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'after'"):
        Attachment("afer")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="did you mean 'prefix'"):
        Attachment("after", "prefx")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="0 virtual tokens"):
        Attachment(tokens=0)


def test_text_longer_than_the_context(model: LanguageModel) -> None:
    with pytest.raises(ModelError, match=r"reads at most 256"):
        model.read("word " * 400)
