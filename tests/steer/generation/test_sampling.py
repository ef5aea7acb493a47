"""Tokens are drawn as their probabilities say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from personaspace.steer.generation.sampling import Sampling


def test_tokens_are_drawn_as_their_probabilities_say() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0, -torch.inf]])
    n = 20_000
    draws = [torch.Generator().manual_seed(seed) for seed in range(n)]
    nothing = torch.empty(n, 0, dtype=torch.long)
    drawn = Sampling(temperature=0.7, top_p=1.0).choose(logits.repeat(n, 1), nothing, draws)
    expected = (logits[0] / 0.7).softmax(-1)
    np.testing.assert_allclose(torch.bincount(drawn, minlength=5) / n, expected, atol=0.01)


@pytest.mark.parametrize(
    ("settings", "possible"), [({"top_k": 2}, {0, 1}), ({"top_p": 0.6}, {0}), ({"temperature": 0.0}, {0})]
)
def test_what_is_unlikely_can_be_ruled_out(settings: dict[str, Any], possible: set[int]) -> None:
    logits, n = torch.tensor([[2.0, 1.0, 0.0, -1.0]]), 200  # probabilities .64, .24, .09, .03
    draws = [torch.Generator().manual_seed(seed) for seed in range(n)]
    sampling = Sampling(**{"top_p": 1.0, "temperature": 1.0, **settings})
    nothing = torch.empty(n, 0, dtype=torch.long)
    assert set(sampling.choose(logits.repeat(n, 1), nothing, draws).tolist()) == possible
