"""Rows of the table that need a language model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.language_model_rows import GroupRows, individual, question_prior
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.groups import demographic_personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.split import Split
from tests.steer.conftest import tiny_model


def test_a_group_answers_as_its_point_does(lm: SteeredLM, embedder: Factorization, parts: Split) -> None:
    """Asked together and shared out, every group still answers as its own mean vector would."""
    test = parts.held_out_answers
    trait = str(parts.train.traits.columns[0])
    groups = demographic_personas(embedder, parts.train, trait)
    vectors = np.array([
        groups[f"{trait}={value}"].vector if isinstance(value, str) else embedder.respondents_.mean(0)
        for value in test.traits[trait]
    ])  # fmt: skip
    rows = dict(GroupRows(lm, embedder, parts.train, {}, [(trait,)]).rows(test, embedder.respondents_))
    shared, apart = rows[f"demographic: {trait}"](), individual(lm, vectors.astype(np.float32), test)
    np.testing.assert_allclose(shared.probabilities, apart.probabilities, atol=1e-5)


def test_the_nearest_cluster_speaks_for_everybody(lm: SteeredLM, embedder: Factorization, parts: Split) -> None:
    test, clusters = parts.held_out_answers, cluster_personas(embedder, parts.train, k=3, seed=0)
    rows = dict(GroupRows(lm, embedder, parts.train, {3: clusters}, []).rows(test, embedder.respondents_))
    vectors = np.stack([clusters[name].vector for name in clusters.of(embedder, embedder.respondents_)])
    expected = individual(lm, vectors, test).probabilities
    np.testing.assert_allclose(rows["cluster k=3"]().probabilities, expected, atol=1e-5)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, "unheard of"])
def test_a_respondent_of_unknown_trait_value_is_predicted_by_the_mean_of_all(
    lm: SteeredLM, embedder: Factorization, parts: Split, value: object
) -> None:
    trait = str(parts.train.traits.columns[0])
    test = parts.held_out_answers
    test = replace(test, traits=test.traits.assign(**{trait: pd.Series([value] * len(test.respondents), dtype=object)}))
    rows = dict(GroupRows(lm, embedder, parts.train, {}, [(trait,)]).rows(test, embedder.respondents_))
    everybody = np.tile(embedder.respondents_.mean(axis=0), (len(test.respondents), 1))
    expected = individual(lm, everybody, test).probabilities
    np.testing.assert_allclose(rows[f"demographic: {trait}"]().probabilities, expected, atol=1e-5)


def test_a_model_that_is_not_informed_has_no_question_prior(embedder: Factorization, parts: Split) -> None:
    settings = TrainSettings(epochs=1)
    lm = SteeredLM(tiny_model("gpt2"), soft_prompt="linear", settings=settings).fit(parts.train, embedder)
    with pytest.raises(SettingError, match="soft_prompt='informed'"):
        question_prior(lm, embedder.respondents_, parts.held_out_answers)


def test_a_pair_of_traits_is_crossed(lm: SteeredLM, embedder: Factorization, parts: Split) -> None:
    """Members of a pair have both values; who lacks one of them is predicted by the mean of all."""
    one, other = map(str, parts.train.traits.columns[:2])
    test = parts.held_out_answers
    traits = test.traits.astype(object)
    traits.iloc[::5, 0] = None
    test = replace(test, traits=traits)
    rows = dict(GroupRows(lm, embedder, parts.train, {}, [(one,), (one, other)]).rows(test, embedder.respondents_))
    assert list(rows) == [f"demographic: {one}", f"demographic: {one} x {other}"]
    mean = embedder.respondents_.mean(axis=0)
    vectors = []
    for row in traits[[one, other]].itertuples(index=False):
        alike = (parts.train.traits[[one, other]] == list(row)).all(axis=1).to_numpy()
        weights = parts.train.weight[alike]
        vectors.append(weights @ embedder.respondents_[alike] / weights.sum() if alike.any() else mean)
    expected = individual(lm, np.array(vectors, np.float32), test).probabilities
    np.testing.assert_allclose(rows[f"demographic: {one} x {other}"]().probabilities, expected, atol=1e-5)
