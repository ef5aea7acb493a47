"""Platt scaling and pooling: probabilities are calibrated, also where there is little to learn from."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.platt import pool_weights
from personaspace.evaluation.measures.metrics import ece, log_loss
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split


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
