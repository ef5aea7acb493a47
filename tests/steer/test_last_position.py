"""Sparing the last layer for all positions but the last changes nothing."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from personaspace.steer.forward.attach import Attachment, Form, attach
from personaspace.steer.forward.forward import WORTHWHILE, InterruptingCache, LastLayerReached, hidden_after_cue
from tests.steer.conftest import QUESTION, tiny_model


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("family", ["gpt2", "gpt-neo", "llama, grouped queries", "falcon, alibi"])
def test_states_and_gradients_are_those_of_one_whole_pass(family: str, form: Form) -> None:
    model, way = tiny_model(family), Attachment("before", form, 2)
    virtual = (torch.randn(3, *way.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5).requires_grad_()
    continuation = attach(model, model.read(QUESTION), virtual, way)
    assert continuation.embeddings.shape[1] >= WORTHWHILE
    whole = model.model.base_model(
        inputs_embeds=continuation.embeddings,
        past_key_values=continuation.cache(),
        attention_mask=continuation.mask(),
        use_cache=True,
    ).last_hidden_state[:, -1]
    spared = hidden_after_cue(model, continuation)
    torch.testing.assert_close(spared, whole, atol=1e-5, rtol=1e-5)
    gradients = [
        torch.autograd.grad(states.square().sum(), virtual, retain_graph=True)[0] for states in (spared, whole)
    ]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-4)


def test_the_cache_interrupts_once_with_all_layers_filled() -> None:
    cache, part = InterruptingCache([], layers=2), torch.zeros(1, 1, 3, 4)
    cache.update(part, part, 0)
    with pytest.raises(LastLayerReached):
        cache.update(part, part, 1)
    assert [cache.get_seq_length(layer) for layer in range(2)] == [3, 3]
    cache.update(part, part, 1)
