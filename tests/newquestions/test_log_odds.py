"""Log-odds of options that are linear in a vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.newquestions.log_odds import log_odds, with_one
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.validation import validation_mask
from tests.steer.conftest import opposed_survey


def test_log_odds_of_an_embedder_are_those_of_its_predictions() -> None:
    survey, embedder = opposed_survey(60, 4)
    slopes = np.random.default_rng(1).normal(size=(4, 2, 9))

    class Predicting:
        def predict_questions(self, vectors: FloatArray, ids: list[str]) -> list[FloatArray]:
            odds = [with_one(vectors) @ slopes[int(name[1:])].T for name in ids]
            return [(np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)).astype(np.float32) for o in odds]

    found = log_odds(survey, Predicting(), embedder.vectors).reshape(4, 2, 9)
    np.testing.assert_allclose(found, slopes - slopes.mean(axis=1, keepdims=True), atol=1e-4)


def test_log_odds_of_bare_vectors_are_learnt_from_answers() -> None:
    survey, embedder = opposed_survey(200, 4)
    found = log_odds(survey, embedder, embedder.vectors).reshape(4, 2, 9)
    answers = survey.answers
    odds = np.einsum("nd,nod->no", with_one(embedder.vectors)[answers.respondent], found[answers.question])
    assert (odds.argmax(axis=1) == answers.option).mean() > 0.9


def test_log_odds_of_bare_vectors_do_not_know_the_validation_answers() -> None:
    survey, embedder = opposed_survey(60, 4)
    mask, answers = validation_mask(survey), survey.answers
    other = Answers(answers.respondent, answers.question, np.where(mask, 1 - answers.option, answers.option))
    turned = replace(survey, answers=other)
    assert mask.any()
    np.testing.assert_array_equal(
        log_odds(turned, embedder, embedder.vectors), log_odds(survey, embedder, embedder.vectors)
    )
