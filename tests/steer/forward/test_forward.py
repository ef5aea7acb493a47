"""Leaving out the last layer and recomputing activations change no result."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
import torch

from personaspace.errors import SettingError
from personaspace.steer.forward import last_layer
from personaspace.steer.forward.attach import Attachment, Form, attach
from personaspace.steer.forward.forward import WORTHWHILE, hidden_after_cue
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import FAMILIES, QUESTION, opposed_survey, tiny_model


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("family", FAMILIES)
def test_states_and_gradients_are_those_of_one_whole_pass(family: str, form: Form) -> None:
    model, attachment = tiny_model(family), Attachment("before", form, 2)
    virtual = (
        torch.randn(3, *attachment.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5
    ).requires_grad_()
    continuation = attach(model, model.read(QUESTION), virtual, attachment)
    assert continuation.embeddings.shape[1] >= WORTHWHILE
    whole = model.body(
        inputs_embeds=continuation.embeddings,
        past_key_values=continuation.cache(),
        attention_mask=continuation.mask(),
        use_cache=True,
    ).last_hidden_state[:, -1]
    spared = hidden_after_cue(model, continuation)
    assert model.spares
    torch.testing.assert_close(spared, whole, atol=1e-5, rtol=1e-5)
    gradients = [
        torch.autograd.grad(states.square().sum(), virtual, retain_graph=True)[0] for states in (spared, whole)
    ]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-4)


def test_the_last_layer_sees_one_token_and_is_as_it_was_afterwards() -> None:
    model, attachment = tiny_model("llama, grouped queries"), Attachment("before", "prefix", 2)
    layer, seen = model.model.model.layers[-1], list[int]()
    layer.mlp.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[1]))
    attributes = set(vars(layer))
    continuation = attach(model, model.read(QUESTION), torch.randn(3, *attachment.shape(model)), attachment)
    hidden_after_cue(model, continuation)
    seen.clear()
    hidden_after_cue(model, continuation)
    assert seen == [1]
    assert attributes == set(vars(layer))
    with pytest.raises(RuntimeError):
        hidden_after_cue(model, replace(continuation, embeddings=torch.zeros(3, 9, model.width + 1)))
    assert attributes == set(vars(layer))


def test_a_model_whose_last_layer_takes_no_part_of_its_input_runs_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one whose masks have another shape than known: found by trying, and no error."""
    attachment = Attachment("before", "prefix", 2)
    states = []
    for changed in (False, True):
        model = tiny_model("llama, grouped queries")
        virtual = torch.randn(3, *attachment.shape(model), generator=torch.Generator().manual_seed(1))
        with monkeypatch.context() as patched:
            if changed:
                patched.setattr(last_layer, "_last", lambda given, _: given)
            states.append(hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, attachment)))
        assert model.spares is not changed
    torch.testing.assert_close(*states, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_recomputed_activations_give_the_same_gradients(family: str) -> None:
    attachment, results, saved = Attachment("before", "prompt", 2), [], list[int]()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor.nbytes)
        return tensor

    for recompute in (False, True):
        model = tiny_model(family, BaseSettings(recompute=recompute))
        virtual = torch.randn(3, *attachment.shape(model), generator=torch.Generator().manual_seed(1)).requires_grad_()
        saved.clear()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            hidden = hidden_after_cue(model, attach(model, model.read(QUESTION), virtual, attachment))
        results.append((hidden, torch.autograd.grad(hidden.square().sum(), virtual)[0], sum(saved)))
    torch.testing.assert_close(results[0][0], results[1][0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(results[0][1], results[1][1], atol=1e-5, rtol=1e-4)
    assert results[1][2] < 0.5 * results[0][2]


def test_recomputing_is_refused_where_it_would_drop_the_cache() -> None:
    model = tiny_model("llama, grouped queries", BaseSettings(recompute=True))
    for placement, form in (("after", "prompt"), ("after", "prefix"), ("before", "prefix")):
        with pytest.raises(SettingError, match=f"not with {form} {placement} it"):
            SteeredLM(model, form=form, placement=placement).fit(*opposed_survey(20, 2))  # type: ignore[arg-type]
