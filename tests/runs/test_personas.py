"""Personas of a run by the names that a user writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import UnknownNameError
from personaspace.runs.fitted import FittedRun, open_run
from personaspace.runs.personas import personas_named


@pytest.fixture(scope="module")
def fitted(fitted_run: Path) -> FittedRun:
    return open_run(fitted_run)


def test_all_clusters_where_nothing_is_named(fitted: FittedRun) -> None:
    assert personas_named(fitted, None) is fitted.personas
    assert personas_named(fitted, [], []) is fitted.personas


def test_every_kind_of_persona_is_found_in_the_order_named(fitted: FittedRun) -> None:
    respondent, train = fitted.embedder.ids_[4], fitted.split.train
    age = str(train.traits["age"].dropna().iloc[0])
    named = personas_named(fitted, [f"respondent-{respondent}", f"age={age}", "cluster-2"], ["cluster-1=1,cluster-3=3"])
    assert [persona.kind for persona in named] == ["individual", "demographic", "cluster", "mixture"]
    np.testing.assert_array_equal(named[0].vector, fitted.embedder.respondents_[4])
    of_age = (train.traits["age"] == age).to_numpy()
    mean = np.average(fitted.embedder.respondents_[of_age], axis=0, weights=train.weight[of_age])
    np.testing.assert_allclose(named[1].vector, mean, atol=1e-6)
    first, _, third = fitted.personas.vectors
    np.testing.assert_allclose(named[3].vector, first / 4 + third * 3 / 4, atol=1e-6)


@pytest.mark.parametrize("name", ["clster-2", "respondent-nobody", "age=old as the hills", "shoe size=12"])
def test_unknown_names(fitted: FittedRun, name: str) -> None:
    with pytest.raises(UnknownNameError):
        personas_named(fitted, [name])
