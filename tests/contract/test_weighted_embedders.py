"""Contract of every embedder that can count respondents by their survey weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.survey.simulate import simulate


@pytest.mark.parametrize(
    "embedder", [Autoencoder(dim=8, epochs=2, weighted=True), LightGCN(dim=8, epochs=2, weighted=True)]
)
def test_weights_change_what_is_learned(embedder: Autoencoder | LightGCN) -> None:
    survey = simulate(respondents=200, seed=0)
    equal = embedder.fit(replace(survey, weights=np.ones(200))).options_
    weights = np.where(np.arange(200) % 2, 1.9, 0.1)
    assert not np.allclose(embedder.fit(replace(survey, weights=weights)).options_, equal)


@pytest.mark.parametrize(
    "embedder",
    [
        Autoencoder(dim=8, epochs=1, weighted=True),
        LightGCN(dim=8, epochs=1, weighted=True),
        Factorization(dim=4, solver="alternating", loss="squared", weighted=True, epochs=2),
        Factorization(dim=4, loss="squared", weighted=True, epochs=1),
    ],
)
def test_the_scale_of_the_weights_changes_nothing(embedder: Autoencoder | LightGCN | Factorization) -> None:
    survey = simulate(respondents=100, seed=0)
    one, other = (
        embedder.fit(replace(survey, weights=scale * survey.weight)).predict(embedder.respondents_).copy()
        for scale in (1, 1000)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)
