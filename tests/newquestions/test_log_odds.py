"""Log-odds of options that are linear in a vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.newquestions.log_odds import log_odds, with_one
from personaspace.survey.answers import Answers
from personaspace.survey.simulate import simulate
from personaspace.survey.validation import validation_mask
from tests.steer.conftest import opposed_survey


def test_log_odds_of_an_embedder_are_its_own_in_the_order_of_the_survey() -> None:
    survey = simulate(respondents=80, seed=0)
    embedder = Factorization(dim=3, epochs=2).fit(survey)
    asked = survey.select(questions=["technology_6", "work_1"])
    found = log_odds(asked, embedder, embedder.respondents_)
    odds = with_one(embedder.respondents_) @ found.T
    predicted = np.hstack(embedder.predict_questions(embedder.respondents_, ["technology_6", "work_1"]))
    np.testing.assert_allclose(OptionSoftmax(asked.offsets).softmax(odds), predicted, atol=1e-5)
    np.testing.assert_allclose(np.add.reduceat(found, asked.offsets[:-1], axis=0), 0, atol=1e-12)


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
