"""Rows in which one point stands for many respondents: each answers as it would alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.evaluation.rows.choice import Points
from personaspace.evaluation.rows.group_rows import GroupRows, GroupSpace
from personaspace.evaluation.rows.language_model_rows import individual
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

Predicted = Callable[..., dict[str, Predictions]]


@pytest.fixture
def rows(lm: SteeredLM, embedder: Factorization, parts: Split) -> Predicted:
    """Predictions of every row by its name."""

    def predicted(points: Points, test: Survey, clusters: Personas | None = None) -> dict[str, Predictions]:
        space = GroupSpace(embedder, parts.train, clusters, 0)
        at = EvaluationSet("held-out answers", test, parts.train, embedder.respondents_, True)
        return {method.name: method.predict(test) for method in GroupRows(lm.predict, space, points).rows(at)}

    return predicted


def test_a_group_answers_as_its_point_does(
    rows: Predicted, lm: SteeredLM, embedder: Factorization, parts: Split
) -> None:
    """Asked together and shared out, every group still answers as its own mean vector would."""
    test = parts.held_out_answers
    trait = str(parts.train.traits.columns[0])
    groups = demographic_personas(embedder, parts.train, trait)
    vectors = np.array([
        groups[f"{trait}={value}"].vector if isinstance(value, str) else embedder.respondents_.mean(0)
        for value in test.traits[trait]
    ])  # fmt: skip
    shared = rows(Points(groups=((trait,),)), test)[f"demographic: {trait}"]
    apart = individual(lm, vectors.astype(np.float32), test)
    np.testing.assert_allclose(shared.probabilities, apart.probabilities, atol=1e-5)


def test_the_nearest_cluster_speaks_for_everybody(
    rows: Predicted, lm: SteeredLM, embedder: Factorization, parts: Split
) -> None:
    test, clusters = parts.held_out_answers, cluster_personas(embedder, parts.train, k=3, seed=0)
    of_clusters = rows(Points(own_clusters=True), test, clusters)
    vectors = np.stack([clusters[name].vector for name in clusters.of(embedder, embedder.respondents_)])
    expected = individual(lm, vectors, test).probabilities
    np.testing.assert_allclose(of_clusters["cluster k=3"].probabilities, expected, atol=1e-5)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, "unheard of"])
def test_a_respondent_of_unknown_trait_value_is_predicted_by_the_mean_of_all(
    rows: Predicted, lm: SteeredLM, embedder: Factorization, parts: Split, value: object
) -> None:
    trait = str(parts.train.traits.columns[0])
    test = parts.held_out_answers
    test = replace(test, traits=test.traits.assign(**{trait: pd.Series([value] * len(test.respondents), dtype=object)}))
    (of_groups,) = rows(Points(groups=((trait,),)), test).values()
    everybody = np.tile(embedder.respondents_.mean(axis=0), (len(test.respondents), 1))
    expected = individual(lm, everybody, test).probabilities
    np.testing.assert_allclose(of_groups.probabilities, expected, atol=1e-5)


def test_a_pair_of_traits_is_crossed(rows: Predicted, lm: SteeredLM, embedder: Factorization, parts: Split) -> None:
    """Members of a pair have both values; who lacks one of them is predicted by the mean of all."""
    one, other = map(str, parts.train.traits.columns[:2])
    test = parts.held_out_answers
    traits = test.traits.astype(object)
    traits.iloc[::5, 0] = None
    test = replace(test, traits=traits)
    of_groups = rows(Points(groups=((one,), (one, other))), test)
    assert list(of_groups) == [f"demographic: {one}", f"demographic: {one} x {other}"]
    mean = embedder.respondents_.mean(axis=0)
    vectors = []
    for row in traits[[one, other]].itertuples(index=False):
        alike = (parts.train.traits[[one, other]] == list(row)).all(axis=1).to_numpy()
        weights = parts.train.weight[alike]
        vectors.append(weights @ embedder.respondents_[alike] / weights.sum() if alike.any() else mean)
    expected = individual(lm, np.array(vectors, np.float32), test).probabilities
    np.testing.assert_allclose(of_groups[f"demographic: {one} x {other}"].probabilities, expected, atol=1e-5)


def test_the_embedder_alone_at_centroids_and_means(embedder: Factorization, parts: Split) -> None:
    """The same groups without a language model: the embedder's prediction at their points."""
    test, clusters = parts.held_out_answers, cluster_personas(embedder, parts.train, k=3, seed=0)
    trait = str(parts.train.traits.columns[0])
    points = Points(own_clusters=True, groups=((trait,),))
    at = EvaluationSet("held-out answers", test, parts.train, embedder.respondents_, True)
    alone = GroupRows(
        lambda vectors, question: embedder.predict_questions(vectors, [question.id])[0],
        GroupSpace(embedder, parts.train, clusters, 0),
        points,
        "embedder alone at ",
    )
    of_cluster, of_group = alone.rows(at)
    assert (of_cluster.name, of_cluster.of_known) == ("embedder alone at cluster k=3", True)
    assert (of_group.name, of_group.of_known) == (f"embedder alone at demographic: {trait}", False)
    nearest = np.stack([clusters[name].vector for name in clusters.of(embedder, embedder.respondents_)])
    groups = demographic_personas(embedder, parts.train, trait)
    means = np.stack([groups[f"{trait}={value}"].vector for value in test.traits[trait]])
    for method, vectors in ((of_cluster, nearest), (of_group, means)):
        expected = embedder_alone(embedder, vectors, test).probabilities
        np.testing.assert_allclose(method.predict(test).probabilities, expected, atol=1e-5)


def test_of_a_sample_only_the_groups_that_it_needs_are_asked(embedder: Factorization, parts: Split) -> None:
    asked: dict[str, int] = {}

    def counting(points: Vectors, question: Question) -> Vectors:
        asked[question.id] = asked.get(question.id, 0) + len(points)
        return np.full((len(points), len(question.options)), 1 / len(question.options), np.float32)

    trait = str(parts.train.traits.columns[0])
    points = Points(clusters=(20,), groups=((trait,),))
    test = parts.held_out_answers.with_answers(np.arange(30))
    at = EvaluationSet("held-out answers", test, parts.train, embedder.respondents_, True)
    rows = GroupRows(counting, GroupSpace(embedder, parts.train, None, 0), points)
    for method in (*rows.rows(at), *rows.rows(at)):  # the second time everything is known
        method.predict(test)
    answers = np.bincount(test.answers.question, minlength=len(test.questions))
    for question, given in zip(test.questions, answers.tolist(), strict=True):
        assert asked.get(question.id, 0) <= 2 * given
