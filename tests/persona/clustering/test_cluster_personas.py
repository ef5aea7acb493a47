"""Planted clusters are found and named by size; impossible settings are refused before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaspace.embedding.registry import make_embedder
from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.clustering.algorithms import CLUSTERERS
from personaspace.persona.clustering.choose_k import choose_k
from personaspace.persona.clustering.cluster_personas import _reasons, check_clustering, cluster_personas
from personaspace.persona.personas import Personas
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted


def test_planted_clusters_are_recovered_largest_first(planted: Planted) -> None:
    personas = cluster_personas(planted.embedder, k=4, seed=0)
    assert personas.names == ("cluster-1", "cluster-2", "cluster-3", "cluster-4")
    assert [len(persona.members) for persona in personas] == [120, 80, 60, 40]
    assert sum(persona.share for persona in personas) == pytest.approx(1)
    for persona, cluster in zip(personas, (1, 3, 0, 2), strict=True):
        rows = np.flatnonzero(planted.truth == cluster)
        assert set(persona.members) == {planted.survey.respondents[row] for row in rows}
        np.testing.assert_allclose(persona.vector, planted.embedder.respondents_[rows].mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_names_do_not_depend_on_the_seed(planted: Planted, seed: int) -> None:
    personas = cluster_personas(planted.embedder, k=4, seed=seed)
    assert [len(persona.members) for persona in personas] == [120, 80, 60, 40]


def test_weights_move_centroids_and_shares(planted: Planted, four: Personas) -> None:
    largest = four[0]
    rows = [planted.survey.respondent_index[member] for member in largest.members]
    weights = planted.survey.weight[rows]
    expected = np.average(planted.embedder.respondents_[rows], axis=0, weights=weights)
    np.testing.assert_allclose(largest.vector, expected, rtol=1e-4)
    assert largest.share == pytest.approx(weights.sum() / planted.survey.weight.sum())


def test_a_chosen_k_comes_with_its_curve(planted: Planted, four: Personas) -> None:
    personas = cluster_personas(planted.embedder, planted.survey)
    assert len(personas) == 4
    assert personas.curve is not None
    assert four.curve is None


@pytest.mark.parametrize("method", CLUSTERERS)
@pytest.mark.parametrize("name", ["lightgcn", "factorization"])
def test_people_with_identical_answers_are_one_persona(method: str, name: str) -> None:
    """Two answer patterns: who lacks which answer for validation makes no persona."""
    camp = np.arange(200) % 2
    yes_no = (Option("yes", 1.0), Option("no", 0.0))
    questions = tuple(Question(f"q{j}", f"Question {j}?", yes_no) for j in range(12))
    row, column = (part.ravel() for part in np.indices((200, 12)))
    survey = Survey(tuple(f"r{i}" for i in range(200)), questions, Answers(row, column, camp[row]))
    personas = cluster_personas(make_embedder(name).fit(survey), survey, method=method)
    assert sorted(persona.members for persona in personas) == sorted(
        tuple(f"r{i}" for i in np.flatnonzero(camp == one)) for one in (0, 1)
    )


@pytest.mark.parametrize("k", [0, -1, 301])
def test_k_out_of_range(planted: Planted, k: int) -> None:
    with pytest.raises(SettingError, match=f"k is {k}, but 300 respondents with 300 different vectors make 1 to 300"):
        cluster_personas(planted.embedder, k=k)


@pytest.mark.parametrize("k", ["knee", 2.5, True, None])
def test_k_of_the_wrong_kind(planted: Planted, k: Any) -> None:
    with pytest.raises(SettingError, match="give a whole number of clusters, or a rule to choose it: 'elbow', "):
        cluster_personas(planted.embedder, k=k)


def test_settings_are_checked_without_an_embedder() -> None:
    check_clustering("recommended", "hdbscan")
    check_clustering(6, "kmeans", smallest=1)
    with pytest.raises(SettingError, match="k is 'knee'"):
        check_clustering("knee", "kmeans")
    with pytest.raises(SettingError, match="k is 6, but hdbscan finds the number of clusters itself"):
        check_clustering(6, "hdbscan")
    with pytest.raises(UnknownNameError, match="did you mean 'kmeans'"):
        check_clustering(6, "kmean")
    with pytest.raises(SettingError, match="smallest is 0"):
        check_clustering(6, "kmeans", smallest=0)


def test_notes_name_the_number_that_is_left(planted: Planted) -> None:
    chosen = choose_k(planted.embedder)
    assert _reasons(chosen, alike=False, kept=chosen.k) == (chosen.words,)
    assert _reasons(chosen, False, 3)[0].endswith(
        "by the rule 'elbow': 4; 3 of these 4 are kept, the others are too small."
    )
