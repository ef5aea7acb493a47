"""The answer space keeps distances between expected answers; a population knows weights and choices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import SurveyError
from personaspace.persona.clustering.answer_space import AnswerSpace, Population, chosen_options, validation_choices
from personaspace.survey.simulate import simulate
from personaspace.survey.validation import validation_mask, without_validation
from tests.persona.planted import Planted, plant


def test_squared_distances_are_those_of_expected_answers(planted: Planted) -> None:
    vectors = planted.embedder.respondents_[::30]
    points, expected = AnswerSpace.of(planted.embedder).place(vectors), planted.embedder.predict(vectors)
    there = ((expected[:, None] - expected) ** 2).sum(axis=2)
    np.testing.assert_allclose(((points[:, None] - points) ** 2).sum(axis=2), there, rtol=0.01, atol=1e-4)


def test_weights_have_mean_one_and_equal_points_are_counted_once() -> None:
    few = plant(np.array([2, 2, 2, 2]))
    few.embedder.respondents_[4:] = few.embedder.respondents_[0]
    population = Population.of(few.embedder, few.survey)
    assert population.weights.mean() == pytest.approx(1)
    assert population.distinct == 4
    with pytest.raises(SurveyError, match="7 of the embedder's 8 respondents are not in the survey"):
        Population.of(few.embedder, few.survey.select(respondents=[0]))


def test_choices_follow_the_embedder_and_leave_out_unknown_questions(planted: Planted) -> None:
    survey = planted.survey.select(respondents=np.arange(300)[::-1], questions=[7, 2])
    renamed = replace(survey, questions=(replace(survey.questions[0], id="new"), survey.questions[1]))
    chosen = chosen_options(planted.embedder, renamed).toarray()
    assert chosen.shape == (300, 120)
    answers = planted.survey.answers.where(planted.survey.answers.question == 2)
    expected = np.zeros((300, 120))
    expected[answers.respondent, 6 + answers.option] = 1
    np.testing.assert_array_equal(chosen, expected)


def test_clusters_are_judged_by_vectors_without_the_validation_answers() -> None:
    survey = simulate(respondents=200, seed=0)
    embedder = LightGCN(dim=8, epochs=2).fit(survey)
    blind = Population.of(embedder, survey).blind
    np.testing.assert_array_equal(blind, embedder.embed(without_validation(survey)))
    assert not np.array_equal(blind, embedder.respondents_)


def test_answers_are_validation_choices_or_expected_ones(planted: Planted) -> None:
    given = Population.of(planted.embedder, planted.survey).answers()
    assert given.sum() == validation_mask(planted.survey).sum() == validation_choices(*planted[:2]).sum()
    expected = Population.of(planted.embedder, None).answers()
    np.testing.assert_array_equal(expected, planted.embedder.predict(planted.embedder.respondents_))
