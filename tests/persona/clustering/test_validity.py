"""Small clusters are kept if they are found again and answer differently, else merged; both are reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import (
    GroupAnswers,
    SizeFloor,
    cluster_validity,
    minorities_within,
    size_floor,
)
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from personaspace.survey.arrays import IntArray
from tests.persona.planted import Planted, plant


@pytest.fixture(scope="module")
def unequal() -> Planted:
    """A real minority of 20 among 620."""
    return plant(np.array([200, 220, 20, 180]))


@pytest.fixture(scope="module")
def outlier() -> Planted:
    """Three respondents who stand apart, too few to tell from chance."""
    return plant(np.array([200, 217, 3, 200]))


def clustering_of(planted: Planted, labels: IntArray) -> tuple[Population, Clustering]:
    population = Population.of(planted.embedder, planted.survey)
    centres = np.stack([population.points[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    return population, Clustering(labels, centres)


def validity_of(planted: Planted, labels: IntArray) -> pd.DataFrame:
    population, clustering = clustering_of(planted, labels)
    again = Resamples(population, clusterer_named("kmeans"), 0, 30).found_again(clustering, len(clustering.centres))
    return cluster_validity(population, clustering, again, SizeFloor(30, 0.01), 0)


@pytest.mark.parametrize(("found_again", "verdict"), [(0.1, "too small"), (0.74, "too small"), (0.75, "minority")])
def test_a_small_cluster_is_kept_from_the_jaccard_index_on_that_hennig_calls_valid(
    unequal: Planted, found_again: float, verdict: str
) -> None:
    """Cluster 2 has 20 members, whose answers differ significantly; only its being found again decides."""
    population, clustering = clustering_of(unequal, unequal.truth)
    again = np.array([1, 1, found_again, 1])
    table = cluster_validity(population, clustering, again, SizeFloor(30, 0.01), 0)
    assert table["verdict"].tolist() == ["large", "large", verdict, "large"]


def test_a_cluster_that_is_seldom_found_again_is_merged(unequal: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resamples, "found_again", lambda _, found, __: np.full(len(found.centres), 0.7))
    personas = cluster_personas(unequal.embedder, unequal.survey, k=4)
    assert len(personas) == 3
    assert any("its members joined the remaining clusters" in note for note in personas.notes)
    assert any("Jaccard index of 0.70 (at least 0.75 is required)" in note for note in personas.notes)


@pytest.mark.parametrize(("found_again", "reported"), [(0.59, False), (0.6, True)])
def test_a_minority_within_is_reported_from_the_jaccard_index_of_a_pattern(
    found_again: float, reported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(np.array([330, 340, 12, 318]))
    resamples = Resamples(Population.of(planted.embedder, planted.survey), clusterer_named("kmeans"), 0, 30)
    labels = np.where(planted.truth == 2, 0, planted.truth)
    labels = np.where(labels == 3, 2, labels)
    monkeypatch.setattr(Resamples, "found_again", lambda _, found, __: np.full(len(found.centres), found_again))
    found = minorities_within(resamples, labels, ("a", "b", "c"), 0)
    assert (not found.empty and ("a", 12) in zip(found["persona"], found["respondents"], strict=True)) == reported


def test_a_real_minority_is_kept_and_reported(unequal: Planted) -> None:
    personas = cluster_personas(unequal.embedder, unequal.survey, k=4)
    assert [len(persona.members) for persona in personas] == [220, 200, 180, 20]
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large", "large", "large", "minority"]
    row = personas.clusters.iloc[3]
    assert row["found_again"] == 1
    assert row["tv"] > 1.5 * row["tv_by_chance"]
    assert row["low"] > 0
    effects, note = personas.notes
    assert effects.startswith("Of what separates the personas, ")
    assert note.startswith("A cluster of 20 respondents (")
    assert "it is kept as the minority cluster-4" in note
    assert "Jaccard index of 1.00" in note


def test_too_few_to_tell_from_chance_join_the_nearest_and_are_reported(outlier: Planted) -> None:
    personas = cluster_personas(outlier.embedder, outlier.survey, k=4)
    assert len(personas) == 3
    assert sum(len(persona.members) for persona in personas) == 620
    assert personas.clusters is not None
    assert personas.clusters["respondents"].tolist() == [217, 200, 200, 3]
    lost = personas.clusters.iloc[3]
    assert lost["verdict"] == "too small"
    joined = personas[lost["persona"]]
    outliers = {outlier.survey.respondents[row] for row in np.flatnonzero(outlier.truth == 2)}
    assert len(outliers & set(joined.members)) >= 2
    assert any(f"the largest part of them {joined.name}" in note for note in personas.notes)


def test_single_respondents_only_if_asked_for(outlier: Planted) -> None:
    asked = cluster_personas(outlier.embedder, outlier.survey, k=4, smallest=1)
    assert [len(persona.members) for persona in asked] == [217, 200, 200, 3]
    assert not [note for note in asked.notes if note.startswith("A cluster of ")]
    with pytest.raises(SettingError, match="smallest is 0: give a whole number from 1 up"):
        cluster_personas(outlier.embedder, k=4, smallest=0)


def test_random_people_are_no_minority(unequal: Planted) -> None:
    """Of the size of the planted one; not found again, not better predicted, and no more different than by chance."""
    rng = np.random.default_rng(3)
    labels = np.zeros(620, np.int64)
    labels[rng.permutation(620)[:20]] = 1
    table = validity_of(unequal, labels)
    assert table["verdict"].tolist() == ["large", "too small"]
    assert table["found_again"][1] < 0.2
    answers = GroupAnswers.of(Population.of(unequal.embedder, unequal.survey))
    assert answers is not None
    assert answers.gain(np.flatnonzero(labels), np.arange(620))["low"] <= 0
    assert table["tv"][1] < table["tv_by_chance"][1]


def test_the_gain_is_that_of_the_true_answers(unequal: Planted) -> None:
    """Validation answers of a planted cluster gain what its true probabilities gain over everybody's."""
    table = validity_of(unequal, unequal.truth)
    expected = unequal.embedder.predict(unequal.embedder.respondents_)
    everybody = np.average(expected, axis=0, weights=unequal.survey.weight)
    for cluster in (0, 1, 3):
        own = expected[unequal.truth == cluster].mean(axis=0)
        true_gain = (own * np.log(own / everybody)).sum() / 40
        assert table["low"][cluster] < true_gain < table["high"][cluster]
        assert table["gain"][cluster] == pytest.approx(true_gain, rel=0.25)


def test_without_a_survey_being_found_again_must_do(unequal: Planted) -> None:
    personas = cluster_personas(unequal.embedder, k=4)
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large", "large", "large", "minority"]
    assert personas.clusters["gain"].isna().all()
    assert "log-likelihood" not in personas.notes[0]


@pytest.mark.parametrize(
    ("smallest", "respondents", "expected"),
    [(None, 10_000, (30, 0.01)), (None, 200, (10, 0.01)), (None, 4, (1, 0.01)), (1, 10_000, (1, 0)), (99, 5, (99, 0))],
)
def test_the_size_floor(smallest: int | None, respondents: int, expected: tuple[int, float]) -> None:
    assert size_floor(smallest, respondents) == expected


def test_somebody_is_left_where_all_are_too_small(planted: Planted) -> None:
    personas = cluster_personas(planted.embedder, k=4, smallest=1000)
    assert sum(len(persona.members) for persona in personas) == 300


def test_notes_count_respondents_in_no_dense_group(tmp_path: Path) -> None:
    scattered: Any = plant(np.array([60, 120, 40, 80]))
    scattered.embedder.respondents_[::5] = np.random.default_rng(0).normal(0, 4, size=(60, 4))
    personas = cluster_personas(scattered.embedder, scattered.survey, method="hdbscan")
    inside = sum(persona.share for persona in personas)
    assert 0.7 < inside < 0.95
    assert f"{1 - inside:.0%} of the respondents, by weight, are in no cluster" in personas.notes[-1]
    personas.save(tmp_path)
    read = Personas.load(tmp_path)
    assert read.notes == personas.notes
    assert read.clusters is not None and personas.clusters is not None
    pd.testing.assert_frame_equal(read.clusters, personas.clusters)


def test_a_minority_that_too_few_clusters_swallow_is_reported_within_its_persona() -> None:
    """Twelve in a thousand, who lie nearest to the largest cluster and are put into it by K-Means."""
    planted = plant(np.array([330, 340, 12, 318]))
    personas = cluster_personas(planted.embedder, planted.survey, k=3)
    assert personas.clusters is not None
    within = personas.clusters[personas.clusters["verdict"] == "within"]
    assert within["respondents"].tolist() == [12]
    truly = {planted.survey.respondents[row] for row in np.flatnonzero(planted.truth == 2)}
    assert len(truly & set(personas[within["persona"].iloc[0]].members)) > 6
    assert f"{within['persona'].iloc[0]} contains a minority of 12 respondents" in personas.notes[-1]


def test_where_there_is_no_minority_none_is_reported() -> None:
    planted = plant(np.array([300, 350, 0, 350]))
    personas = cluster_personas(planted.embedder, planted.survey, k=3)
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large"] * 3


def test_the_scale_of_the_weights_changes_nothing(unequal: Planted) -> None:
    given = np.random.default_rng(0).lognormal(0, 0.5, len(unequal.survey.respondents))
    found = []
    for scale in (1, 1000):
        survey = replace(unequal.survey, weights=scale * given)
        personas = cluster_personas(unequal.embedder, survey, k=4)
        assert personas.clusters is not None
        described = profile(personas, survey, min_answers=1)
        tables = [personas.clusters, described.composition, described.distinguishing, described.separating]
        found.append([personas.vectors, *(table.select_dtypes("number") for table in tables)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)
