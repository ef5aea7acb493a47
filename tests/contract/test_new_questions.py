"""Every embedder's space is asked new questions."""

from __future__ import annotations

import numpy as np
import pytest

import personaspace as ps
from personaspace.embedding.registry import embedders, make_embedder


@pytest.mark.parametrize("name", embedders())
def test_a_pilot_moves_everybody_and_those_who_answered_most(name: str) -> None:
    survey = ps.simulate(respondents=150, seed=0)
    space = make_embedder(name, seed=0).fit(survey)
    asked = ps.NewQuestions(space, survey).ask("Should trains be free of charge?", ["Yes", "No", "Not sure"])
    told = asked.pilot(dict.fromkeys(survey.respondents[:30], "Yes"))
    people = ps.individual_personas(space)
    before, after = (at.predict(people).probabilities["Yes"] for at in (asked, told))
    np.testing.assert_allclose(told.predict(people).probabilities.sum(axis=1), 1, atol=1e-6)
    assert after.mean() > max(before.mean(), 0.6)
