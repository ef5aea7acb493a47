"""Small clusters: kept where they are found again and answer differently, else merged; reported either way."""

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
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import Floor, evidence, floor
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from personaspace.survey.arrays import IntArray

from .conftest import Planted, plant


@pytest.fixture(scope="module")
def unequal() -> Planted:
    """A real minority of 20 among 620."""
    return plant(np.array([200, 220, 20, 180]))


@pytest.fixture(scope="module")
def outlier() -> Planted:
    """Three respondents who stand apart, too few to tell from chance."""
    return plant(np.array([200, 217, 3, 200]))


def evidence_on(planted: Planted, labels: IntArray) -> pd.DataFrame:
    crowd = Population.of(planted.space, planted.survey)
    centres = np.stack([crowd.points[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    clustering = Clustering(labels, centres)
    again = Resamples(crowd, clusterer_named("kmeans"), 0, 30).found_again(clustering, len(centres))
    return evidence(crowd, clustering, again, Floor(30, 0.01), 0)


def test_a_real_minority_is_kept_and_reported(unequal: Planted) -> None:
    personas = ClusterPersonas(4).fit(unequal.space, unequal.survey)
    assert [len(persona.members) for persona in personas] == [220, 200, 180, 20]
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large", "large", "large", "minority"]
    row = personas.clusters.iloc[3]
    assert row["found_again"] == 1
    assert row["tv"] > 1.5 * row["tv_by_chance"]
    assert row["low"] > 0
    (note,) = personas.notes
    assert note.startswith("A cluster of 20 respondents")
    assert "kept as the minority cluster-4" in note
    assert "Jaccard index of 1.00" in note


def test_too_few_to_tell_from_chance_join_the_nearest_and_are_reported(outlier: Planted) -> None:
    personas = ClusterPersonas(4).fit(outlier.space, outlier.survey)
    assert len(personas) == 3
    assert sum(len(persona.members) for persona in personas) == 620
    assert personas.clusters is not None
    assert personas.clusters["respondents"].tolist() == [217, 200, 200, 3]
    lost = personas.clusters.iloc[3]
    assert lost["verdict"] == "too small"
    home = personas[lost["persona"]]
    outliers = {outlier.survey.respondents[row] for row in np.flatnonzero(outlier.truth == 2)}
    assert len(outliers & set(home.members)) >= 2
    assert any(f"it joins {home.name}" in note for note in personas.notes)


def test_single_respondents_only_if_asked_for(outlier: Planted) -> None:
    asked = ClusterPersonas(4, smallest=1).fit(outlier.space, outlier.survey)
    assert [len(persona.members) for persona in asked] == [217, 200, 200, 3]
    assert asked.notes == ()
    with pytest.raises(SettingError, match="smallest is 0: a whole number from 1 up"):
        ClusterPersonas(4, smallest=0).fit(outlier.space)


def test_random_people_are_no_minority(unequal: Planted) -> None:
    """The same size as the real one; neither found again nor better predicted, and no further off than chance."""
    rng = np.random.default_rng(3)
    labels = np.zeros(620, np.int64)
    labels[rng.permutation(620)[:20]] = 1
    table = evidence_on(unequal, labels)
    assert table["verdict"].tolist() == ["large", "too small"]
    assert table["found_again"][1] < 0.2
    assert table["low"][1] <= 0
    assert table["tv"][1] < table["tv_by_chance"][1]


def test_the_gain_is_that_of_the_true_answers(unequal: Planted) -> None:
    """Held-out answers of a planted cluster gain what its true probabilities gain over everybody's."""
    table = evidence_on(unequal, unequal.truth)
    expected = unequal.space.predict(unequal.space.respondents_)
    everybody = np.average(expected, axis=0, weights=unequal.survey.weight)
    for cluster in (0, 1, 3):
        own = expected[unequal.truth == cluster].mean(axis=0)
        true_gain = (own * np.log(own / everybody)).sum() / 40
        assert table["low"][cluster] < true_gain < table["high"][cluster]
        assert table["gain"][cluster] == pytest.approx(true_gain, rel=0.25)


def test_without_a_survey_being_found_again_must_do(unequal: Planted) -> None:
    personas = ClusterPersonas(4).fit(unequal.space)
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large", "large", "large", "minority"]
    assert personas.clusters["gain"].isna().all()
    assert "likelier" not in personas.notes[0]


@pytest.mark.parametrize(
    ("smallest", "respondents", "expected"),
    [(None, 10_000, (30, 0.01)), (None, 200, (10, 0.01)), (None, 4, (1, 0.01)), (1, 10_000, (1, 0)), (99, 5, (99, 0))],
)
def test_the_floor(smallest: int | None, respondents: int, expected: tuple[int, float]) -> None:
    assert floor(smallest, respondents) == expected


def test_somebody_is_left_where_all_are_too_small(planted: Planted) -> None:
    personas = ClusterPersonas(4, smallest=1000).fit(planted.space)
    assert sum(len(persona.members) for persona in personas) == 300


def test_who_lies_in_no_dense_group_is_said_to(tmp_path: Path) -> None:
    scattered: Any = plant(np.array([60, 120, 40, 80]))
    scattered.space.respondents_[::5] = np.random.default_rng(0).normal(0, 4, size=(60, 4))
    personas = ClusterPersonas(method="hdbscan").fit(scattered.space, scattered.survey)
    inside = sum(persona.share for persona in personas)
    assert 0.7 < inside < 0.95
    assert f"{1 - inside:.0%} of the respondents, by weight, lie in no cluster" in personas.notes[-1]
    personas.save(tmp_path)
    read = Personas.load(tmp_path)
    assert read.notes == personas.notes
    assert read.clusters is not None and personas.clusters is not None
    pd.testing.assert_frame_equal(read.clusters, personas.clusters)


def test_a_minority_that_too_few_clusters_swallow_is_reported_within_its_persona() -> None:
    """Twelve in a thousand, who lie nearest to the largest cluster and are put into it by K-Means."""
    planted = plant(np.array([330, 340, 12, 318]))
    personas = ClusterPersonas(3).fit(planted.space, planted.survey)
    assert personas.clusters is not None
    within = personas.clusters[personas.clusters["verdict"] == "within"]
    assert within["respondents"].tolist() == [12]
    truly = {planted.survey.respondents[row] for row in np.flatnonzero(planted.truth == 2)}
    assert len(truly & set(personas[within["persona"].iloc[0]].members)) > 6
    assert f"Within {within['persona'].iloc[0]} lies a minority of 12 respondents" in personas.notes[-1]


def test_where_there_is_no_minority_none_is_reported() -> None:
    planted = plant(np.array([300, 350, 0, 350]))
    personas = ClusterPersonas(3).fit(planted.space, planted.survey)
    assert personas.clusters is not None
    assert personas.clusters["verdict"].tolist() == ["large"] * 3


def test_the_scale_of_the_weights_changes_nothing(unequal: Planted) -> None:
    given = np.random.default_rng(0).lognormal(0, 0.5, len(unequal.survey.respondents))
    found = []
    for scale in (1, 1000):
        survey = replace(unequal.survey, weights=scale * given)
        personas = ClusterPersonas(4).fit(unequal.space, survey)
        assert personas.clusters is not None
        told = profile(personas, survey, min_answers=1)
        tables = [personas.clusters, told.composition, told.distinguishing, told.separating]
        found.append([personas.vectors, *(table.select_dtypes("number") for table in tables)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)
