"""Rows at every respondent's own vector: what a steered model is told is what the space expects."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.evaluation.rows.language_model_rows import given_weights, question_prior
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.split import Split
from tests.steer.conftest import tiny_model


def test_the_question_prior_of_a_question_that_was_asked_is_the_embedder_alone(
    lm: SteeredLM, embedder: Factorization, parts: Split
) -> None:
    """A steered model is told the same, since the prior of such a question is its own log-odds."""
    test, vectors = parts.held_out_answers, embedder.respondents_
    alone = embedder_alone(embedder, vectors, test).probabilities
    space = NewQuestions(embedder, parts.train)
    for weights in (space.prior.of, partial(given_weights, lm)):
        np.testing.assert_allclose(question_prior(weights, vectors, test).probabilities, alone, atol=1e-5)


def test_the_question_prior_of_a_new_question_is_what_the_space_expects(embedder: Factorization, parts: Split) -> None:
    test, space = parts.held_out_questions, NewQuestions(embedder, parts.train)
    predictions = question_prior(space.prior.of, embedder.respondents_, test)
    for j in np.unique(test.answers.question).tolist():
        rows = test.answers.question == j
        points = embedder.respondents_[test.answers.respondent[rows]]
        expected = space.ask(test.questions[j]).predict(points).probabilities.to_numpy()
        np.testing.assert_allclose(predictions.probabilities[rows, : expected.shape[1]], expected, atol=1e-5)


def test_a_model_that_is_not_informed_has_no_question_prior(embedder: Factorization, parts: Split) -> None:
    settings = TrainSettings(epochs=1)
    lm = SteeredLM(tiny_model("gpt2"), soft_prompt="linear", settings=settings).fit(parts.train, embedder)
    with pytest.raises(SettingError, match="soft_prompt='informed'"):
        given_weights(lm, parts.train.questions[0])
