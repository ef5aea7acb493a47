"""Clusterings are compared by Rand and Jaccard indices with those of random halves."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.persona.clustering.algorithms import Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import Population
from personaspace.persona.clustering.stability import Resamples, jaccard
from tests.persona.planted import Planted


@pytest.fixture(scope="module")
def resamples(planted: Planted) -> Resamples:
    return Resamples(Population.of(planted.embedder, planted.survey), clusterer_named("kmeans"), 0, 10)


def test_jaccard_leaves_out_who_is_in_no_cluster() -> None:
    shared = jaccard(np.array([0, 0, -1, 1]), np.array([1, -1, 1, 0]), np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(shared, [[0.0, 1 / 6], [1.0, 0.0]])


def test_planted_clusters_are_found_again_and_random_ones_are_not(planted: Planted, resamples: Resamples) -> None:
    planted_clusters = Clustering(planted.truth, np.zeros((4, 1)))
    assert resamples.found_again(planted_clusters, 4).tolist() == [1, 1, 1, 1]
    assert resamples.agreement(planted_clusters, 4).respondents == 1
    random = Clustering(np.random.default_rng(0).permutation(planted.truth), np.zeros((4, 1)))
    assert resamples.found_again(random, 4).max() < 0.5
    assert resamples.agreement(random, 4).respondents == pytest.approx(0, abs=0.05)


def test_too_few_different_points_cannot_be_compared(planted: Planted, resamples: Resamples) -> None:
    everybody = Clustering(planted.truth, np.zeros((4, 1)))
    assert np.isnan(resamples.agreement(everybody, 151).respondents)
    assert np.isnan(resamples.found_again(everybody, 151)).all()
