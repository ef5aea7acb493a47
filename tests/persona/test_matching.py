"""Permuted names match back exactly, and personas of another seed keep names and nearly all members."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import SurveyError
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.matching import earlier, keeping_names, match_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.simulate import simulate
from tests.persona.planted import Planted, plant


def permuted(personas: Personas) -> Personas:
    """The same clusters, numbered the other way round."""
    return personas.renamed(dict(zip(personas.names, reversed(personas.names), strict=True)))


def test_permuted_names_match_back_exactly(planted: Planted, four: Personas) -> None:
    match = match_personas(permuted(four), four, planted.survey)
    assert match.personas.names == four.names
    np.testing.assert_array_equal(match.similarity, np.eye(4))
    assert match.renamed == {"cluster-4": "cluster-1", "cluster-3": "cluster-2",
                             "cluster-2": "cluster-3", "cluster-1": "cluster-4"}  # fmt: skip
    assert match.personas.clusters is not None and four.clusters is not None
    assert match.personas.clusters.equals(four.clusters)


def test_permuted_names_match_back_exactly_by_answers(planted: Planted, four: Personas) -> None:
    """No respondent in common, and rotated vectors: only the expected answers identify the personas."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0].astype(np.float32)
    other = plant(np.array([60, 120, 40, 80])).embedder
    other.options_ = planted.embedder.options_ @ turn
    strangers = Personas(
        Persona(p.name, p.kind, p.vector @ turn, tuple(f"other-{m}" for m in p.members), p.share)
        for p in permuted(four)
    )
    match = match_personas(strangers, four, embedders=(other, planted.embedder))
    assert match.personas.names == four.names
    np.testing.assert_allclose(np.diag(match.similarity), 1, atol=1e-5)
    assert (match.similarity.to_numpy()[~np.eye(4, dtype=bool)] < 0.5).all()
    with pytest.raises(SurveyError, match="no respondent in common: give both embedders"):
        match_personas(strangers, four)


def cluster(name: str, members: str) -> Persona:
    return Persona(name, "cluster", np.zeros(1, np.float32), tuple(members), 0.5)


def test_similarity_by_hand_and_fresh_names() -> None:
    old = Personas([cluster("hawks", "abcd"), cluster("cluster-1", "ef"), cluster("cluster-2", "gh")])
    new = Personas([cluster("cluster-1", "abc"), cluster("cluster-2", "dgh"), cluster("cluster-3", "ij")])
    match = match_personas(new, old)
    assert match.similarity.round(3).to_numpy().tolist() == [[0.75, 0, 0], [0.167, 0, 0.667], [0, 0, 0]]
    assert match.personas.names == ("hawks", "cluster-2", "cluster-3")


def test_a_name_is_not_handed_on_to_a_stranger_and_no_name_is_given_twice() -> None:
    old = Personas([cluster("cluster-1", "abcdefgh"), cluster("cluster-2", "ij")])
    new = Personas([cluster("cluster-1", "aij"), cluster("cluster-2", "bcdefgh"), cluster("cluster-3", "h")])
    match = match_personas(new, old)
    assert match.personas.names == ("cluster-2", "cluster-1", "cluster-3")
    thirds = Personas([cluster("cluster-1", "abcd"), cluster("cluster-2", "efgh"), cluster("cluster-3", "ijkl")])
    mixed = Personas([cluster("cluster-1", "aei"), cluster("cluster-2", "bcdfghjkl"), cluster("cluster-9", "")])
    assert match_personas(mixed, thirds).personas.names == ("cluster-4", "cluster-5", "cluster-9")


def test_weights_decide_who_is_more_like(planted: Planted) -> None:
    first, second = planted.survey.respondents[:2]
    weights = planted.survey.weight
    old = Personas([cluster("x", ""), cluster("y", "")])
    old = Personas(
        [type(p)(p.name, p.kind, p.vector, (m,), p.share) for p, m in zip(old, (first, second), strict=True)]
    )
    both = Personas([Persona("new", "cluster", np.zeros(1, np.float32), (first, second), 1.0)])
    heavier = "x" if weights[0] > weights[1] else "y"
    assert match_personas(both, old, planted.survey).personas.names == (heavier,)


def test_another_seed_keeps_names_and_nearly_all_members() -> None:
    survey = simulate(respondents=600, seed=2)
    old, new = (cluster_personas(LightGCN(dim=16, epochs=20, seed=seed).fit(survey), survey, k=6) for seed in (0, 1))
    matched = match_personas(permuted(new), old, survey).personas
    name_of = {member: persona.name for persona in old for member in persona.members}
    stayed = [name_of[member] == persona.name for persona in matched for member in persona.members]
    assert sorted(matched.names) == sorted(old.names)
    assert np.mean(stayed) > 0.9  # measured .95


def test_names_are_kept_in_a_folder_that_holds_them(planted: Planted, four: Personas, tmp_path: Path) -> None:
    assert keeping_names(four, earlier(tmp_path), planted.survey) is four
    named = four.renamed(dict(zip(four.names, ("north", "east", "south", "west"), strict=True)))
    named.save(tmp_path)
    assert keeping_names(four, earlier(tmp_path), planted.survey).names == ("north", "east", "south", "west")
    (tmp_path / "personas.json").write_text("torn")
    assert keeping_names(four, earlier(tmp_path), planted.survey) is four
    Personas([cluster("stranger", "xyz")]).save(tmp_path)
    assert keeping_names(four, earlier(tmp_path), planted.survey) is four
