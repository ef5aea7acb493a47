"""Explained variance is 0 for groups that mean nothing, what was planted for those that do, and equals a hand count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError
from personaspace.persona.clustering.algorithms import Clustering, GaussianClusterer
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.profiles.explained_variance import (
    GroupShares,
    embedder_errors,
    explained_variance,
    regression_errors,
    share_errors,
)
from personaspace.survey.split import split
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted


def with_traits(planted: Planted, **traits: object) -> Survey:
    return replace(planted.survey, traits=pd.DataFrame(traits))


def table(planted: Planted, survey: Survey, **settings: object) -> pd.DataFrame:
    parts = split(survey, unseen_respondents=0, held_out_questions=0)
    personas = cluster_personas(planted.embedder, survey, k=4)
    return explained_variance(planted.embedder, parts, personas, **settings).set_index("grouping")  # type: ignore[arg-type]


def test_planted_groups_explain_what_they_do_and_random_ones_nothing(planted: Planted) -> None:
    coin = np.random.default_rng(0).integers(3, size=len(planted.truth)).astype(str)
    survey = with_traits(planted, truth=planted.truth.astype(str), coin=coin)
    found = table(planted, survey, ks=(1, 2))
    explained = found["explained"].to_dict()
    chances = planted.embedder.predict(2 * np.eye(4, dtype=np.float32)).reshape(4, 40, 3).astype(np.float64)
    part = np.bincount(planted.truth, survey.weight) / survey.weight.sum()
    everybody = np.einsum("g,gqo->qo", part, chances)
    within = part @ (1 - (chances**2).sum(axis=2)).sum(axis=1)
    truth = 1 - within / (1 - (everybody**2).sum(axis=1)).sum()
    for grouping in ("truth", "4 cluster personas", "own vectors", "every trait together"):
        assert explained[grouping] == pytest.approx(truth, abs=0.025), grouping
    assert truth - 0.1 < explained["truth x coin"] < explained["truth"]
    assert explained["coin"] == pytest.approx(0, abs=0.003)
    assert explained["1 cluster personas"] == pytest.approx(0, abs=1e-6)
    assert 0.02 < explained["2 cluster personas"] < truth
    assert (found["low"] <= found["explained"]).all() and (found["explained"] <= found["high"]).all()
    assert found["explained"].is_monotonic_decreasing


def test_errors_by_hand(planted: Planted) -> None:
    survey = planted.survey.select(respondents=range(50), questions=range(5))
    labels = np.arange(50) % 3 - 1
    shares = GroupShares(survey, labels).shares(prior=2.0)
    errors = share_errors(shares, survey, labels)
    answers, expected = survey.answers, np.zeros(50)
    weight = survey.weight / survey.weight.mean()
    for i, j, o in zip(answers.respondent, answers.question, answers.option, strict=True):
        same = (answers.question == j) & (labels[answers.respondent] == labels[i])
        asked = answers.question == j
        counts = np.bincount(answers.option[asked], weight[answers.respondent[asked]], 3)
        population = counts / counts.sum()
        own = np.bincount(answers.option[same], weight[answers.respondent[same]], 3) + 2 * population
        chance = population if labels[i] < 0 else own / own.sum()
        expected[i] += ((np.eye(3)[o] - chance) ** 2).sum()
    np.testing.assert_allclose(errors, expected, rtol=1e-6)


def test_the_embedder_s_errors_are_those_of_its_predictions(planted: Planted) -> None:
    survey = planted.survey.select(respondents=[5, 3, 8], questions=[7, 2])
    chances = planted.embedder.predict(planted.embedder.respondents_).reshape(-1, 40, 3)
    expected = np.zeros(3)
    for i, j, o in zip(survey.answers.respondent, survey.answers.question, survey.answers.option, strict=True):
        expected[i] += ((np.eye(3)[o] - chances[[5, 3, 8][i], [7, 2][j]]) ** 2).sum()
    np.testing.assert_allclose(embedder_errors(planted.embedder, survey), expected, rtol=1e-5)


def test_one_trait_regressed_is_one_trait_grouped(planted: Planted) -> None:
    survey = with_traits(planted, truth=planted.truth.astype(str))
    grouped = share_errors(GroupShares(survey, planted.truth).shares(0.0), survey, planted.truth)
    np.testing.assert_allclose(regression_errors(survey, survey, (1e-6,))[0], grouped, rtol=1e-5)


def test_without_traits_only_personas_are_compared(planted: Planted) -> None:
    found = table(planted, Survey(planted.survey.respondents, planted.survey.questions, planted.survey.answers))
    assert set(found.index) == {"4 cluster personas", "own vectors"}


def test_nothing_held_out_is_an_error(planted: Planted) -> None:
    parts = split(planted.survey, unseen_respondents=0, held_out_questions=0, held_out_answers=0)
    personas = cluster_personas(planted.embedder, planted.survey, k=2)
    with pytest.raises(SurveyError, match="no answers were held out"):
        explained_variance(planted.embedder, parts, personas)


def test_further_clusters_are_found_as_the_personas_were(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    call = GaussianClusterer.__call__

    def recorded(self: GaussianClusterer, *arguments: object, **settings: object) -> Clustering:
        used.append(arguments[2])
        return call(self, *arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(GaussianClusterer, "__call__", recorded)
    assert "2 cluster personas" in table(planted, planted.survey, ks=(2,), pairs=False, method="gaussian").index
    assert 2 in used
