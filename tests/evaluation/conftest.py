"""A small simulated survey, embedded, steered and evaluated."""

from __future__ import annotations

import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from personaspace.survey.split import Split, split
from tests.steer.conftest import tiny_model


@pytest.fixture(scope="package")
def parts() -> Split:
    return split(simulate(respondents=200, seed=0), seed=0)


@pytest.fixture(scope="package")
def embedder(parts: Split) -> Factorization:
    return Factorization(seed=0).fit(parts.train)


@pytest.fixture(scope="package")
def lm(parts: Split, embedder: Factorization) -> SteeredLM:
    return SteeredLM(tiny_model("gpt2"), settings=TrainSettings(epochs=1)).fit(parts.train, embedder)


@pytest.fixture(scope="package")
def results(parts: Split, embedder: Factorization, lm: SteeredLM) -> Results:
    personas = cluster_personas(embedder, parts.train, k=3, seed=0)
    return evaluate(lm, embedder, parts, personas, known=(5,))
