"""Soft membership sums to one, follows the mixture it was drawn from, and mixes personas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.persona.soft_membership import soft_membership
from tests.persona.planted import Planted


def test_rows_sum_to_one_and_the_members_are_mostly_their_own(planted: Planted, four: Personas) -> None:
    soft = soft_membership(planted.embedder, four)
    assert soft.index.tolist() == list(planted.survey.respondents)
    assert soft.columns.tolist() == list(four.names)
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    for persona in four:
        assert (soft.loc[list(persona.members)].idxmax(axis=1) == persona.name).all()


def test_half_way_between_two_of_one_size_is_half_of_each(planted: Planted) -> None:
    pair = demographic_personas(planted.embedder, planted.survey, "sex")
    even = Personas([type(p)(p.name, p.kind, vector, p.members, 0.5)
                     for p, vector in zip(pair, np.eye(2, 4, dtype=np.float32), strict=True)])  # fmt: skip
    line = np.linspace(even[0].vector, even[1].vector, 101)
    soft = soft_membership(planted.embedder, even, line).to_numpy()
    assert (np.diff(soft[:, 1]) >= -1e-9).all()
    assert soft[0, 0] > 0.5 > soft[-1, 0]
    expected = planted.embedder.predict(line)
    there = ((expected - expected[0]) ** 2).sum(axis=1)
    back = ((expected - expected[-1]) ** 2).sum(axis=1)
    nearer = there < back
    np.testing.assert_array_equal(soft[nearer].argmax(axis=1), 0)
    np.testing.assert_array_equal(soft[~nearer].argmax(axis=1), 1)


def test_a_mixture_gives_its_own_responsibilities_also_after_saving(planted: Planted, tmp_path: Path) -> None:
    personas = cluster_personas(planted.embedder, planted.survey, k=4, method="gaussian")
    assert personas.mixture is not None
    soft = soft_membership(planted.embedder, personas)
    for persona in personas:
        assert (soft.loc[list(persona.members)].idxmax(axis=1) == persona.name).all()
    personas.save(tmp_path)
    np.testing.assert_array_equal(soft, soft_membership(planted.embedder, Personas.load(tmp_path)))


def test_a_respondent_is_a_mixture_of_personas(planted: Planted, four: Personas) -> None:
    row = soft_membership(planted.embedder, four).T["r7"]
    mixture = four.mix(row)
    assert mixture.kind == "mixture"
    np.testing.assert_allclose(mixture.vector, row.to_numpy() @ four.vectors, rtol=1e-4, atol=1e-6)
    assert all(float(part.split()[0]) >= 0.005 for part in mixture.name.split(" + "))


def test_only_personas_that_stand_for_a_share(planted: Planted, four: Personas) -> None:
    mixture = four.mix({"cluster-1": 1, "cluster-2": 1})
    with pytest.raises(SettingError, match=r"without one: \['0.5 cluster-1 \+ 0.5 cluster-2'\]"):
        soft_membership(planted.embedder, Personas([*four, mixture]))
    with pytest.raises(SettingError, match=r"expected \[n, 4\]"):
        soft_membership(planted.embedder, four, np.zeros((2, 3), np.float32))


def test_identical_respondents_and_one_persona(planted: Planted) -> None:
    one = cluster_personas(planted.embedder, k=1)
    np.testing.assert_allclose(soft_membership(planted.embedder, one), 1)
