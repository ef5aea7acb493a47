"""Soft membership sums to one, follows the mixture it was drawn from, and mixes personas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.gaussian_mixture import GaussianMixture
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.persona.soft_membership import nearest_persona, soft_membership

from .conftest import Planted


def test_rows_sum_to_one_and_the_members_are_mostly_their_own(planted: Planted) -> None:
    personas = ClusterPersonas(4).fit(planted.space)
    soft = soft_membership(personas, planted.space)
    assert soft.index.tolist() == list(planted.survey.respondents)
    assert soft.columns.tolist() == list(personas.names)
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    for persona in personas:
        assert (soft.loc[list(persona.members)].idxmax(axis=1) == persona.name).all()


def test_half_way_between_two_of_one_size_is_half_of_each(planted: Planted) -> None:
    pair = demographic_personas(planted.space, planted.survey, "sex")
    even = Personas([type(p)(p.name, p.kind, vector, p.members, 0.5)
                     for p, vector in zip(pair, np.eye(2, 4, dtype=np.float32), strict=True)])  # fmt: skip
    line = np.linspace(even[0].vector, even[1].vector, 101)
    soft = soft_membership(even, planted.space, line).to_numpy()
    assert (np.diff(soft[:, 1]) >= -1e-9).all()
    assert soft[0, 0] > 0.5 > soft[-1, 0]
    expected = planted.space.predict(line)
    there = ((expected - expected[0]) ** 2).sum(axis=1)
    back = ((expected - expected[-1]) ** 2).sum(axis=1)
    nearer = there < back
    np.testing.assert_array_equal(soft[nearer].argmax(axis=1), 0)
    np.testing.assert_array_equal(soft[~nearer].argmax(axis=1), 1)


def test_memberships_are_the_frequencies_of_the_mixture() -> None:
    """Of all points given a membership around .7, about 70% come from that cloud."""
    rng = np.random.default_rng(0)
    clouds = GaussianMixture(
        np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 1.0], [0.5, 2.0]]), np.array([0.7, 0.3])
    )
    truth = rng.choice(2, 40_000, p=clouds.shares)
    points = clouds.centres[truth] + rng.normal(size=(len(truth), 2)) * np.sqrt(clouds.variances[truth])
    given = clouds.membership(points)[:, 1]
    for low in np.arange(0, 1, 0.1):
        rows = (given >= low) & (given < low + 0.1)
        assert truth[rows].mean() == pytest.approx(given[rows].mean(), abs=0.03)


def test_a_mixture_gives_its_own_responsibilities_also_after_saving(planted: Planted, tmp_path: Path) -> None:
    personas = ClusterPersonas(4, "gaussian").fit(planted.space, planted.survey)
    assert personas.mixture is not None
    soft = soft_membership(personas, planted.space)
    for persona in personas:
        assert (soft.loc[list(persona.members)].idxmax(axis=1) == persona.name).all()
    personas.save(tmp_path)
    np.testing.assert_array_equal(soft, soft_membership(Personas.load(tmp_path), planted.space))


def test_a_respondent_is_a_mixture_of_personas(planted: Planted) -> None:
    personas = ClusterPersonas(4).fit(planted.space)
    row = soft_membership(personas, planted.space).T["r7"]
    mixture = personas.mix(row)
    assert mixture.kind == "mixture"
    np.testing.assert_allclose(mixture.vector, row.to_numpy() @ personas.vectors, rtol=1e-4, atol=1e-6)
    assert all(float(part.split()[0]) >= 0.005 for part in mixture.name.split(" + "))


def test_only_personas_that_stand_for_a_share(planted: Planted) -> None:
    personas = ClusterPersonas(4).fit(planted.space)
    mixture = personas.mix({"cluster-1": 1, "cluster-2": 1})
    with pytest.raises(SettingError, match=r"not so: \['0.5 cluster-1 \+ 0.5 cluster-2'\]"):
        soft_membership(Personas([*personas, mixture]), planted.space)
    with pytest.raises(SettingError, match=r"expected \[n, 4\]"):
        soft_membership(personas, planted.space, np.zeros((2, 3), np.float32))


def test_identical_respondents_and_one_persona(planted: Planted) -> None:
    one = ClusterPersonas(1).fit(planted.space)
    np.testing.assert_allclose(soft_membership(one, planted.space), 1)


def test_the_nearest_persona_is_that_of_the_members(planted: Planted) -> None:
    personas = ClusterPersonas(4).fit(planted.space)
    place = nearest_persona(personas, planted.space, planted.space.respondents_)
    home = {member: at for at, persona in enumerate(personas) for member in persona.members}
    assert place.tolist() == [home[name] for name in planted.space.ids_]
