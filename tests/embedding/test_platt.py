"""Platt scaling and pooling: probabilities are calibrated, also where there is little to learn from."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.platt import pool_weights, weights_by_question
from personaspace.evaluation.baselines import embedder_alone, majority
from personaspace.evaluation.metrics import ece, log_loss
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.validation import validation_mask


@pytest.mark.parametrize("solver", ["gradient", "alternating"])
def test_few_answers_do_not_make_factorization_overconfident(solver: str) -> None:
    survey = simulate(respondents=600, seed=0)
    few = survey.with_answers(np.random.default_rng(0).random(len(survey.answers)) < 0.3)
    parts = split(few, held_out_questions=0, seed=0)
    test = parts.held_out_answers

    def predictions(calibrated: bool) -> tuple[float, float]:
        embedder = Factorization(solver=solver, calibrated=calibrated).fit(parts.train)
        found = embedder_alone(embedder, embedder.respondents_, test)
        return float(log_loss(found)), float(ece(found))

    (loss, error), (raw_loss, _) = predictions(True), predictions(False)
    assert loss < raw_loss
    assert loss < float(log_loss(majority(parts.train, test))) + 0.05
    assert error < 0.1


def test_a_pool_gives_all_weight_to_the_expert_that_knows() -> None:
    """One scores what each respondent will say, the other noise: all weight goes to the first."""
    survey = simulate(respondents=200, seed=1)
    options, rng = int(survey.offsets[-1]), np.random.default_rng(0)
    said = np.zeros((200, options), np.float32)
    said[survey.answers.respondent, survey.option_nodes] = 1
    nobody, identity = np.zeros(options, np.float32), np.eye(options, dtype=np.float32)
    noise = rng.normal(0, 1, said.shape).astype(np.float32)
    knows, guesses = pool_weights([(said, identity, nobody), (noise, identity, nobody)], survey, 0.5)
    assert abs(guesses) < 0.1 * knows


def test_a_question_has_weights_of_its_own_where_its_answers_say_so() -> None:
    """The first expert knows the answers to half of the questions, the second those to the others."""
    survey = simulate(respondents=1000, seed=1)
    known, identity = (
        np.zeros((1000, int(survey.offsets[-1])), np.float32),
        np.eye(int(survey.offsets[-1]), dtype=np.float32),
    )
    known[survey.answers.respondent, survey.option_nodes] = 1
    first = np.repeat(np.arange(len(survey.questions)) < len(survey.questions) // 2, np.diff(survey.offsets))
    nobody = np.zeros(len(first), np.float32)
    experts = [(known * half, identity, nobody) for half in (first, ~first)]
    found = weights_by_question(experts, survey, np.array([0.5, 0.5], np.float32))
    asked = np.bincount(survey.answers.question[validation_mask(survey)], minlength=len(found)) > 0
    half = len(found) // 2
    assert (found[:half, 0] > 0.5)[asked[:half]].all()
    assert (found[half:, 1] > 0.5)[asked[half:]].all()
    np.testing.assert_allclose(found[:half, 1], 0.5)
    assert np.abs(found - 0.5).max() < 0.5


def test_without_validation_answers_every_question_has_the_common_weights() -> None:
    survey = simulate(respondents=30, seed=1)
    one = survey.with_answers(~validation_mask(survey))
    nothing = np.zeros((30, 0), np.float32), np.zeros((int(survey.offsets[-1]), 0), np.float32)
    expert = (*nothing, np.log(survey.option_counts() + 1).astype(np.float32))
    assert not validation_mask(one).any()
    np.testing.assert_allclose(weights_by_question([expert], one, np.array([0.7])), 0.7, atol=1e-6)
