"""Planted clusters are found, named by size, and their number is the curve's elbow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.persona.clustering.choose_k import elbow
from personaspace.persona.clustering.cluster_personas import ClusterPersonas, _reasons, choose_k

from .conftest import Planted, plant


def test_planted_clusters_are_recovered_largest_first(planted: Planted) -> None:
    personas = ClusterPersonas(k=4, seed=0).fit(planted.space)
    assert personas.names == ("cluster-1", "cluster-2", "cluster-3", "cluster-4")
    assert [len(persona.members) for persona in personas] == [120, 80, 60, 40]
    assert sum(persona.share for persona in personas) == pytest.approx(1)
    for persona, cluster in zip(personas, (1, 3, 0, 2), strict=True):
        rows = np.flatnonzero(planted.truth == cluster)
        assert set(persona.members) == {planted.survey.respondents[row] for row in rows}
        np.testing.assert_allclose(persona.vector, planted.space.respondents_[rows].mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_names_do_not_hang_on_the_seed(planted: Planted, seed: int) -> None:
    personas = ClusterPersonas(k=4, seed=seed).fit(planted.space)
    assert [len(persona.members) for persona in personas] == [120, 80, 60, 40]


def test_weights_move_centroids_and_shares(planted: Planted) -> None:
    largest = ClusterPersonas(k=4).fit(planted.space, planted.survey)[0]
    rows = [planted.survey.respondent_index[member] for member in largest.members]
    weights = planted.survey.weight[rows]
    expected = np.average(planted.space.respondents_[rows], axis=0, weights=weights)
    np.testing.assert_allclose(largest.vector, expected, rtol=1e-4)
    assert largest.share == pytest.approx(weights.sum() / planted.survey.weight.sum())


@pytest.mark.parametrize("answers", ["held out", "expected"])
def test_the_elbow_is_at_the_planted_number(planted: Planted, answers: str) -> None:
    survey = planted.survey if answers == "held out" else None
    k, curve, *_ = choose_k(planted.space, survey)
    assert k == 4
    assert curve.columns.tolist() == ["k", "loss", "silhouette", "ari_respondents", "ari_questions", "smallest"]
    assert curve["k"].tolist() == list(range(2, 16))
    assert curve["k"].tolist()[int(curve["silhouette"].argmax())] == 4


def test_fit_with_elbow_keeps_the_curve(planted: Planted) -> None:
    personas = ClusterPersonas().fit(planted.space, planted.survey)
    assert len(personas) == 4
    assert personas.curve is not None
    assert ClusterPersonas(k=4).fit(planted.space, planted.survey).curve is None


def test_the_loss_of_one_cluster_is_that_of_the_mean(planted: Planted) -> None:
    curve = choose_k(planted.space, ks=[1]).curve
    expected = planted.space.predict(planted.space.respondents_)
    mean = planted.space.predict(planted.space.respondents_.mean(axis=0, keepdims=True))
    by_hand = -(expected * np.log(mean)).sum() / expected.sum()
    assert curve["loss"].tolist() == pytest.approx([by_hand], rel=1e-4)


def test_few_respondents_bound_the_numbers_tried() -> None:
    few = plant(np.array([1, 1, 1, 1]))
    assert choose_k(few.space).curve["k"].tolist() == [2, 3, 4]
    with pytest.raises(SettingError, match="lies between 1 and 4"):
        choose_k(few.space, ks=[5, 6])


def test_a_survey_without_held_out_answers_is_like_none(planted: Planted) -> None:
    one_each = planted.survey.with_answers(planted.survey.answers.question == 0)
    without_weights = replace(one_each, weights=None)
    compared = ["k", "loss", "silhouette", "ari_respondents"]
    assert choose_k(planted.space, without_weights).curve[compared].equals(choose_k(planted.space).curve[compared])


@pytest.mark.parametrize("k", [0, -1, 301])
def test_k_out_of_range(planted: Planted, k: int) -> None:
    with pytest.raises(SettingError, match=f"k is {k}, but 300 respondents with 300 different vectors make 1 to 300"):
        ClusterPersonas(k=k).fit(planted.space)


@pytest.mark.parametrize("k", ["knee", 2.5, True, None])
def test_k_of_the_wrong_kind(planted: Planted, k: Any) -> None:
    with pytest.raises(SettingError, match="give a whole number of clusters, or a rule to choose it: 'elbow', "):
        ClusterPersonas(k=k).fit(planted.space)


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [([4.0, 2.0, 1.0, 0.9, 0.8], 4), ([1.0, 1.0, 1.0, 1.0, 1.0], 2), ([0.1, 0.9, 0.9, 0.9, 1.0], 2)],
)
def test_elbows_by_hand(losses: list[float], chosen: int) -> None:
    assert elbow([2, 3, 4, 5, 6], np.array(losses)) == chosen


def test_words_name_the_number_that_is_left(planted: Planted) -> None:
    chosen = choose_k(planted.space, planted.survey)
    assert _reasons(chosen, alike=False, kept=chosen.k) == (chosen.words,)
    assert _reasons(chosen, False, 3)[0].endswith("by the rule elbow; 3 of these 4 are kept, the others are too small.")
