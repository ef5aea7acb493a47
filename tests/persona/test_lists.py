"""Wherever personas are taken, a list of them or a single one does as well."""

from __future__ import annotations

import pytest

import personaspace as ps
from personaspace.errors import SettingError

SPLIT = ps.split(ps.simulate(respondents=200, seed=0), seed=0)


@pytest.fixture(scope="module")
def embedder() -> ps.Factorization:
    return ps.Factorization(dim=4, epochs=3).fit(SPLIT.train)


@pytest.fixture(scope="module")
def personas(embedder: ps.Factorization) -> ps.Personas:
    return ps.cluster_personas(embedder, SPLIT.train, k=3)


def test_a_list_gives_what_personas_give(embedder: ps.Factorization, personas: ps.Personas) -> None:
    plain = list(personas)
    assert ps.profile(plain, SPLIT.train).cards.equals(ps.profile(personas, SPLIT.train).cards)
    assert ps.soft_membership(embedder, plain).equals(ps.soft_membership(embedder, personas))
    assert ps.map_respondents(embedder, plain).points.equals(ps.map_respondents(embedder, personas).points)
    assert ps.match_personas(plain, plain[::-1]).personas.names == personas.names
    variance = [ps.explained_variance(embedder, SPLIT, those, pairs=False) for those in (plain, personas)]
    assert variance[0].equals(variance[1])


def test_one_persona_alone(personas: ps.Personas) -> None:
    assert ps.profile(personas[1], SPLIT.train).cards["persona"].tolist() == [personas[1].name]


def test_what_is_no_persona_is_named() -> None:
    with pytest.raises(SettingError, match="'cluster-1' is not a persona: give personas, one of them, or a list"):
        ps.profile(["cluster-1"], SPLIT.train)  # type: ignore[list-item]
    with pytest.raises(SettingError, match=r"Survey.* is not a persona"):
        ps.profile(SPLIT.train, SPLIT.train)  # type: ignore[arg-type]
