"""What virtual tokens do in a forward pass: promised for every family of models, placement and form."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad

from personaspace.errors import ModelError
from personaspace.steer.forward.attach import Attachment, Form, Placement, attach
from personaspace.steer.forward.forward import hidden_after_cue, hidden_after_cues
from personaspace.steer.forward.option_logits import base_probabilities, label_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.output import output_logits
from personaspace.steer.model.prompts import question_text
from personaspace.steer.model.suitability import check_model
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import (
    ATTACHMENTS,
    FAMILIES,
    PROMPT_ONLY,
    QUESTION,
    QUICK,
    SHORT,
    WINDOW,
    Points,
    opposed_survey,
    tiny_model,
)

SHARED = set(FAMILIES) - {"falcon, alibi"}
"""Families whose attention reads a question without copies; the table of docs/steering.md says the same."""


@cache
def model_of(family: str) -> LanguageModel:
    return tiny_model(family)


@pytest.fixture(params=[*FAMILIES, *SHORT, *PROMPT_ONLY])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(family: str) -> LanguageModel:
    return model_of(family)


@pytest.fixture(params=ATTACHMENTS, ids=lambda attachment: f"{attachment.placement}-{attachment.form}")
def attachment(request: pytest.FixtureRequest, family: str) -> Attachment:
    attachment: Attachment = request.param
    if family in SHORT and (attachment.placement, attachment.form) == ("before", "prefix"):
        pytest.skip("a prefix out of the window is refused")
    return attachment


def virtual_tokens(model: LanguageModel, attachment: Attachment, n: int = 3) -> Tensor:
    if model.name in PROMPT_ONLY and attachment.form == "prefix":
        pytest.skip("a prefix is refused where keys and values differ in width")
    return torch.randn(n, *attachment.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5


def steered(model: LanguageModel, attachment: Attachment, virtual: Tensor) -> Tensor:
    return hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, attachment))


def test_the_model_is_taken_for_what_it_is(model: LanguageModel) -> None:
    check_model(model.model, model.tokens(QUESTION), model.name)


def test_padded_equals_alone(model: LanguageModel) -> None:
    texts = [QUESTION, question_text("Tea?", ["Yes", "No"]), question_text("Is it late? " * 8, ["Yes", "No", "So so"])]
    sizes = [3, 2, 3]
    together = base_probabilities(model, texts, sizes)
    alone = [pad(base_probabilities(model, [t], [n]), (0, 3 - n)) for t, n in zip(texts, sizes, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-6, rtol=1e-5)


def test_label_rows_equal_full_logits(model: LanguageModel) -> None:
    ids = torch.cat([model.tokens(QUESTION), model.cue], dim=1)
    expected = model.model(ids).logits[:, -1, model.option_tokens.ids("ABC")]
    hidden = model.body(ids).last_hidden_state[:, -1]
    torch.testing.assert_close(label_logits(model, hidden, "ABC"), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(output_logits(model.model, hidden), model.model(ids).logits[:, -1])
    torch.testing.assert_close(base_probabilities(model, [QUESTION], [3]), expected.softmax(-1), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("placement", get_args(Placement))
def test_prompt_equals_the_plain_pass(model: LanguageModel, placement: Placement) -> None:
    """Cached or not, the prompt form is one pass over question, tokens and cue in their order."""
    attachment = Attachment(placement, "prompt", 2)
    virtual = virtual_tokens(model, attachment)
    question = model.embedding(model.read(QUESTION).ids).expand(3, -1, -1)
    cue = model.embedding(model.cue[:, -1:]).expand(3, -1, -1)
    parts = [question, virtual, cue] if placement == "after" else [virtual, question, cue]
    plain = model.body(inputs_embeds=torch.cat(parts, dim=1)).last_hidden_state[:, -1]
    torch.testing.assert_close(steered(model, attachment, virtual), plain, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("form", get_args(Form))
def test_shared_question_equals_copied_question(family: str, model: LanguageModel, form: Form) -> None:
    """One copy of the question for the batch gives the same states and gradients as one copy per persona."""
    attachment, results = Attachment("after", form, 2), []
    for model.shares in (None, False):
        virtual = virtual_tokens(model, attachment).requires_grad_()
        hidden = steered(model, attachment, virtual)
        results.append((hidden, *torch.autograd.grad(hidden.square().sum(), virtual)))
        if not results[1:]:
            assert bool(model.shares) is (family in SHARED)
    torch.testing.assert_close(*results, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("placement", get_args(Placement))
def test_several_questions_in_one_pass_equal_each_alone(model: LanguageModel, placement: Placement, form: Form) -> None:
    """Questions of unlike length with unlike numbers of personas: the same states and gradients as one at a time."""
    attachment, sizes = Attachment(placement, form, 2), (3, 1, 2)
    several = [model.read(text) for text in ("Is it late?", "Tea?", "Is it very late?")]
    results = []
    for together in (True, False):
        virtual = virtual_tokens(model, attachment, sum(sizes)).requires_grad_()
        parts = torch.split(virtual, list(sizes))
        each = [attach(model, cached, own, attachment) for cached, own in zip(several, parts, strict=True)]
        hidden = hidden_after_cues(model, each) if together else [hidden_after_cue(model, alone) for alone in each]
        results.append((*hidden, *torch.autograd.grad(torch.cat(list(hidden)).square().sum(), virtual)))
    torch.testing.assert_close(*results, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["gpt-neo", "gpt-j", "falcon, multi-query"])
def test_a_shared_pass_leaves_no_trace_in_a_family_that_is_patched(family: str) -> None:
    model, attachment = tiny_model(family), Attachment("after", "prompt", 2)
    attributes = [set(vars(module)) for module in model.model.modules()]
    steered(model, attachment, virtual_tokens(model, attachment))
    assert model.shares
    assert attributes == [set(vars(module)) for module in model.model.modules()]
    with pytest.raises(RuntimeError):
        steered(model, attachment, torch.zeros(3, 2, model.width + 1))
    assert attributes == [set(vars(module)) for module in model.model.modules()]


def test_prefix_made_of_real_tokens_equals_those_tokens(family: str, model: LanguageModel) -> None:
    """A prefix holding the keys and values of real tokens is as if the model had read them, all in sight."""
    if family in PROMPT_ONLY:
        pytest.skip("a prefix is refused where keys and values differ in width")
    words = model.tokens("Yes, many")
    attachment = Attachment("before", "prefix", words.shape[1])
    read = torch.stack([torch.stack([k[0], v[0]]) for k, v in model.read_ids(words).keys_values])
    virtual = read.permute(3, 0, 1, 2, 4)[None]
    cached = model.read("Tea?" if family in SHORT else QUESTION)
    hidden = hidden_after_cue(model, attach(model, cached, virtual, attachment))
    ids = torch.cat([words, cached.ids, model.cue[:, -1:]], dim=1)
    plain = model.body(ids).last_hidden_state[:, -1]
    torch.testing.assert_close(hidden, plain, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", SHORT)
def test_a_prefix_that_would_fall_out_of_a_window_is_refused(family: str) -> None:
    """Exactly as many tokens as the window holds are read; one more, the last to be generated, is refused."""
    model, attachment = model_of(family), Attachment("before", "prefix", 2)
    words = torch.arange(1, WINDOW - 2)[None]
    virtual = virtual_tokens(model, attachment)
    cached = model.read_ids(words)
    continuation = attach(model, cached, virtual, attachment)
    assert continuation.length == WINDOW
    hidden = hidden_after_cue(model, continuation)
    wider = tiny_model(family.split(",")[0])
    torch.testing.assert_close(hidden, hidden_after_cue(wider, attach(wider, cached, virtual, attachment)))
    with pytest.raises(ModelError, match=f"see only the last {WINDOW} tokens.* take {WINDOW + 1}: "):
        attach(model, cached, virtual, attachment, generated=1)
    with pytest.raises(ModelError, match="place it after the question"):
        attach(model, model.read(QUESTION), virtual, attachment)


@pytest.mark.parametrize("family", PROMPT_ONLY)
def test_a_prefix_for_keys_and_values_of_different_widths_is_refused(family: str) -> None:
    with pytest.raises(ModelError, match=r"different shapes, which one prefix cannot fill: choose the prompt form"):
        SteeredLM(model_of(family)).fit(*opposed_survey(20, 2))
    lm = SteeredLM(model_of(family), form="prompt", settings=QUICK).fit(*opposed_survey(20, 2))
    assert lm.ask("Is it?", ["Yes", "No"], Points()).notna().all(axis=None)


@pytest.mark.parametrize("placement", get_args(Placement))
@pytest.mark.parametrize("family", ["gpt2", "llama, grouped queries", "qwen3, own head width"])
def test_prefix_equals_attention_by_hand(family: str, placement: Placement) -> None:
    """Softmax of q k over the cached question, the prefix and the text, written out for one layer."""
    model, attachment = model_of(family), Attachment(placement, "prefix", 2)
    hidden_after_cue(
        model, attach(model, model.read(QUESTION), virtual_tokens(model, attachment), attachment)
    )  # probes
    seen: list[tuple[Tensor, Tensor]] = []
    layer = (model.model.transformer.h if family == "gpt2" else model.model.model.layers)[1]
    attention = layer.attn if family == "gpt2" else layer.self_attn
    hook = attention.register_forward_hook(
        lambda _, given, named, made: seen.append(((given or [named["hidden_states"]])[0], made[0])), with_kwargs=True
    )
    virtual, cached = virtual_tokens(model, attachment), model.read(QUESTION)
    continuation = attach(model, cached, virtual, attachment)
    hidden_after_cue(model, continuation)
    hook.remove()
    x, written = (torch.cat(parts, dim=1) for parts in zip(*seen, strict=True))
    query, key, value = by_hand(model, attention, x, continuation.past_length)
    prefix_key, prefix_value = virtual[:, :, 1].permute(2, 0, 3, 1, 4)
    keys, values = [prefix_key, key], [prefix_value, value]
    if placement == "after":
        keys, values = [[cached.keys_values[1][i].expand(3, -1, -1, -1), *own] for i, own in enumerate((keys, values))]
    k, v = (torch.cat(parts, 2).repeat_interleave(query.shape[1] // key.shape[1], 1) for parts in (keys, values))
    scores = query @ k.mT / query.shape[-1] ** 0.5
    new = query.shape[2]
    scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(scores.shape[-1] - new + 1).bool(), -torch.inf)
    mixed = ((scores.exp() / scores.exp().sum(-1, keepdim=True)) @ v).transpose(1, 2).flatten(2)
    made = (attention.c_proj if family == "gpt2" else attention.o_proj)(mixed)
    torch.testing.assert_close(written, made, atol=1e-5, rtol=1e-5)


def by_hand(model: LanguageModel, attention: Any, x: Tensor, past: int) -> tuple[Tensor, ...]:
    """Queries, keys and values of new tokens, turned by their positions where the family does so."""
    width = attention.head_dim
    if hasattr(attention, "c_attn"):
        return tuple(part.unflatten(-1, (-1, width)).transpose(1, 2) for part in attention.c_attn(x).chunk(3, dim=-1))
    parts = [project(x).unflatten(-1, (-1, width)) for project in (attention.q_proj, attention.k_proj)]
    if hasattr(attention, "q_norm"):
        parts = [norm(part) for norm, part in zip((attention.q_norm, attention.k_norm), parts, strict=True)]
    angles = model.model.model.rotary_emb(x, torch.arange(past, past + x.shape[1])[None])
    cos, sin = (part[:, None] for part in angles)
    turned = []
    for part in (part.transpose(1, 2) for part in parts):
        first, second = part.chunk(2, dim=-1)
        turned.append(part * cos + torch.cat([-second, first], dim=-1) * sin)
    return *turned, attention.v_proj(x).unflatten(-1, (-1, width)).transpose(1, 2)


def test_batch_order_does_not_matter(model: LanguageModel, attachment: Attachment) -> None:
    virtual, order = virtual_tokens(model, attachment), torch.tensor([2, 0, 1])
    hidden = steered(model, attachment, virtual)
    torch.testing.assert_close(hidden[order], steered(model, attachment, virtual[order]), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(hidden[1:2], steered(model, attachment, virtual[1:2]), atol=1e-5, rtol=1e-5)


def test_tokens_have_an_effect_and_get_gradients_and_nothing_else_does(
    model: LanguageModel, attachment: Attachment
) -> None:
    before = {name: tensor.clone() for name, tensor in model.model.state_dict().items()}
    virtual = virtual_tokens(model, attachment).requires_grad_()
    hidden = steered(model, attachment, virtual)
    assert (hidden[0] - hidden[1]).abs().max() > 1e-4
    hidden.square().sum().backward()  # type: ignore[no-untyped-call]
    assert virtual.grad is not None
    assert (virtual.grad.flatten(2).abs().amax(-1) > 0).all()
    assert all(parameter.grad is None for parameter in model.model.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.model.state_dict().items())


def test_reading_twice_is_the_same(model: LanguageModel, attachment: Attachment) -> None:
    """A forward pass must not leave traces in a cached that is used again."""
    virtual = virtual_tokens(model, attachment)
    assert torch.equal(steered(model, attachment, virtual), steered(model, attachment, virtual))


def test_generate_equals_stepwise_greedy(model: LanguageModel, attachment: Attachment) -> None:
    virtual = virtual_tokens(model, attachment)
    continuation = attach(model, model.read(QUESTION), virtual, attachment, generated=5)
    ids = model.model.generate(
        inputs_embeds=continuation.padded_embeddings(),
        past_key_values=continuation.cache(),
        attention_mask=continuation.mask(),
        max_new_tokens=5,
        min_new_tokens=5,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=0,
    )
    embeddings = continuation.embeddings
    for step in range(5):
        logits = output_logits(model.model, hidden_after_cue(model, replace(continuation, embeddings=embeddings)))
        logits[:, 0] = -torch.inf
        assert torch.equal(logits.argmax(-1), ids[:, step])
        embeddings = torch.cat([embeddings, model.embedding(ids[:, step : step + 1])], dim=1)
