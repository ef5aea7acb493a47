"""The curve, its elbow, and the k that every rule chooses, in numbers and in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import SettingError
from personaspace.persona.clustering.choose_k import choose_k, elbow, recommend
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.survey.simulate import simulate
from tests.persona.planted import Planted, plant, unstructured

LOSS = [1.0, 0.7, 0.4, 0.38, 0.36, 0.34, 0.32]


def curve(respondents: list[float], questions: list[float], smallest: list[int] | None = None) -> pd.DataFrame:
    """The elbow is at 4."""
    return pd.DataFrame(
        {
            "k": range(2, 9),
            "loss": LOSS,
            "gain": [0.1] * 7,
            "low": [0.0, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05],
            "high": [0.2] * 7,
            "silhouette": [0.6, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1],
            "ari_respondents": respondents,
            "ari_questions": questions,
            "smallest": smallest or [90, 80, 70, 60, 50, 40, 30],
        }
    )


def test_the_most_stable_within_two_of_the_elbow() -> None:
    advice = recommend(curve([0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1.0], [0.5, 0.6, 0.7, 0.8, 0.4, 0.9, 1.0]))
    assert (advice.elbow, advice.silhouette, advice.stability, advice.recommended) == (4, 2, 8, 5)
    assert advice.words == (
        "Recommended: 5 personas. The elbow of the loss is at k = 4; from 2 to 6, k = 5 is the most stable. "
        "5 clusters predict validation answers better than one cluster of everybody does: by +0.100 nats per answer "
        "(95% interval +0.050 to +0.200). "
        "Stability of 5 clusters (adjusted Rand index): 0.80 over random halves of the respondents and 0.80 over "
        "random halves of the questions. "
        "Stability of 4 clusters (adjusted Rand index): 0.70 over random halves of the respondents and 0.70 over "
        "random halves of the questions. "
        "Of all numbers tried, k = 8 is the most stable. "
        "The silhouette is highest at k = 2 (0.60): reasonable structure."
    )


def test_ties_go_to_the_smaller_and_too_small_clusters_are_passed_over() -> None:
    even = [0.5] * 7
    assert recommend(curve(even, even)).recommended == 2
    large = recommend(curve(even, even, [1, 1, 50, 50, 1, 1, 1]), least=30)
    assert large.recommended == 4
    assert "it is also the most stable number without a cluster of fewer than 30 respondents" in large.words
    assert recommend(curve(even, even, [1] * 7), least=30).recommended == 2


def test_without_other_questions_the_respondents_decide_and_without_both_the_elbow() -> None:
    gaps = [float("nan")] * 7
    advice = recommend(curve([0.1, 0.2, 0.3, 0.4, 0.2, 0.1, 0.1], gaps))
    assert advice.recommended == 5
    assert "questions" not in advice.words
    neither = recommend(curve(gaps, gaps))
    assert neither.recommended == 4
    assert "stability could not be measured" in neither.words


@pytest.mark.parametrize("answers", ["validation", "expected"])
def test_the_elbow_is_at_the_planted_number(planted: Planted, answers: str) -> None:
    survey = planted.survey if answers == "validation" else None
    k, curve, *_ = choose_k(planted.embedder, survey)
    assert k == 4
    assert curve.columns.tolist() == [
        *("k", "loss", "gain", "low", "high", "silhouette", "ari_respondents", "ari_questions", "smallest")
    ]
    assert curve["k"].tolist() == list(range(2, 16))
    assert curve["k"].tolist()[int(curve["silhouette"].argmax())] == 4


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [([4.0, 2.0, 1.0, 0.9, 0.8], 4), ([1.0, 1.0, 1.0, 1.0, 1.0], 2), ([0.1, 0.9, 0.9, 0.9, 1.0], 2)],
)
def test_elbows_by_hand(losses: list[float], chosen: int) -> None:
    assert elbow([2, 3, 4, 5, 6], np.array(losses)) == chosen


def test_the_loss_of_one_cluster_is_that_of_the_mean(planted: Planted) -> None:
    curve = choose_k(planted.embedder, ks=[1]).curve
    expected = planted.embedder.predict(planted.embedder.respondents_)
    mean = planted.embedder.predict(planted.embedder.respondents_.mean(axis=0, keepdims=True))
    by_hand = -(expected * np.log(mean)).sum() / expected.sum()
    assert curve["loss"].tolist() == pytest.approx([by_hand], rel=1e-4)


def test_few_respondents_bound_the_numbers_tried() -> None:
    few = plant(np.array([1, 1, 1, 1]))
    assert choose_k(few.embedder).curve["k"].tolist() == [2, 3, 4]
    with pytest.raises(SettingError, match="lies between 1 and 4"):
        choose_k(few.embedder, ks=[5, 6])


def test_a_survey_without_validation_answers_is_like_none(planted: Planted) -> None:
    one_each = planted.survey.with_answers(planted.survey.answers.question == 0)
    compared = ["k", "loss", "silhouette", "ari_respondents"]
    curve = choose_k(planted.embedder, replace(one_each, weights=None)).curve
    assert curve[compared].equals(choose_k(planted.embedder).curve[compared])


def test_every_rule_finds_six_planted_personas() -> None:
    survey = simulate(respondents=800, seed=1)
    embedder = LightGCN(dim=16, epochs=20).fit(survey)
    chosen = choose_k(embedder, survey, ks=range(3, 10), by="recommended")
    assert chosen.k == 6
    assert chosen.recommendation[:4] == (6, 6, 6, 6)
    six = chosen.curve.set_index("k").loc[6]
    assert six["ari_respondents"] > 0.9  # measured .98
    assert six["ari_questions"] > 0.65  # measured .77
    assert "Chosen by the rule 'recommended': 6." in chosen.words


def test_without_a_gain_over_one_cluster_one_persona_is_recommended() -> None:
    even = [0.5] * 7
    chance = curve(even, even).assign(gain=[0.1, 0.3, 0.5, 0.4, 0.4, 0.4, 0.4], low=-0.1)
    advice = recommend(chance)
    assert (advice.elbow, advice.recommended, advice.silhouette, advice.stability) == (1, 1, 2, 2)
    assert advice.words == (
        "Recommended: 1 persona. No number of clusters from 2 to 8 predicts validation answers significantly better "
        "than one cluster of everybody does; the best is 4, by +0.500 nats per answer (95% interval -0.100 to +0.200). "
        "These answers do not show that there are groups of people, or they are too few to find them. To divide people "
        "all the same, into regions and not types, give a number: --clusters kmeans --personas 6, or k=6 in Python."
    )
    some = recommend(chance.assign(low=[-0.1] * 6 + [0.01]))
    assert some.recommended == 2
    assert "2 clusters do not predict validation answers significantly better than one cluster" in some.words
    assert "The largest gain is that of 4: +0.500 nats per answer (95% interval -0.100 to +0.200)." in some.words
    untested = recommend(chance.assign(gain=np.nan, low=np.nan, high=np.nan))
    assert untested.recommended == 2
    assert "could not be tested" in untested.words


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("filled", [0.05, 0.5])
def test_independent_answers_make_one_persona(seed: int, filled: float) -> None:
    survey = unstructured(589, 60, filled, seed)
    embedder = LightGCN().fit(survey)
    personas = cluster_personas(embedder, survey)
    assert personas.names == ("cluster-1",)
    assert len(personas[0].members) == 589
    assert "These answers do not show that there are groups of people, or they are too few" in personas.notes[0]
    chosen = choose_k(embedder, survey)
    assert (chosen.k, chosen.words) == (1, personas.notes[0])


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_clusters_of_independent_answers_are_called_so(seed: int) -> None:
    """The embedder sees some structure here, by chance."""
    survey = unstructured(589, 60, 0.05, seed)
    embedder = Factorization().fit(survey)
    assert "No number of clusters from 2 to 15 predicts" in cluster_personas(embedder, survey).notes[0]
    given = cluster_personas(embedder, survey, k=6)
    assert len(given) > 1
    assert "6 clusters do not predict validation answers significantly better than one cluster" in given.notes[0]


@pytest.mark.parametrize("seed", range(3))
def test_planted_personas_predict_better_than_one(seed: int) -> None:
    survey = simulate(respondents=300, seed=seed)
    chosen = choose_k(LightGCN().fit(survey), survey, ks=[2, 6])
    assert (chosen.curve["low"] > 0).all()
    assert chosen.k > 1


def test_the_gain_cannot_be_tested_without_validation_answers(planted: Planted) -> None:
    chosen = choose_k(planted.embedder, ks=[2, 3, 4])
    assert chosen.curve[["gain", "low", "high"]].isna().all(axis=None)
    assert "could not be tested: that takes a survey with at least 30 validation answers" in chosen.words


def test_the_words_stand_among_the_notes_and_the_choice_is_the_same_in_every_run() -> None:
    survey = simulate(respondents=300, seed=0)
    embedder = LightGCN(dim=8, epochs=5).fit(survey)
    first, second = (cluster_personas(embedder, survey, k="recommended", seed=3) for _ in range(2))
    assert first.notes == second.notes
    assert first.notes[0].startswith("Recommended: ")
    assert first.curve is not None and second.curve is not None
    pd.testing.assert_frame_equal(first.curve, second.curve)
    np.testing.assert_array_equal(first.vectors, second.vectors)
