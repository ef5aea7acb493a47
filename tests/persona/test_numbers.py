"""Personas of a survey with thermometers."""

from __future__ import annotations

import numpy as np

from personaspace.embedding.factorization.model import Factorization
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.profiles.profile import profile
from tests.embedding.thermometers import thermometers


def test_personas_are_found_and_described_by_numbers() -> None:
    survey, warmth = thermometers(respondents=600)
    personas = ClusterPersonas(k=3).fit(Factorization(dim=4, learning_rate=0.01).fit(survey), survey)
    found = profile(personas, survey)
    assert {"t0", "c0"} <= set(found.distinguishing["question"])
    numbers = found.distinguishing[found.distinguishing["question"].str.startswith("t")]
    assert numbers["tv"].between(0, 1).all()
    assert set(found.separating["question"]) == {question.id for question in survey.questions}
    group = np.array([next(k for k, p in enumerate(personas) if name in p.members) for name in survey.respondents])
    between = np.array([warmth[group == k].mean(axis=0) for k in range(3)]).std(axis=0)
    assert between.mean() > 5
