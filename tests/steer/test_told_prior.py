"""A language model that is told what a pilot or a topline says of a question follows it."""

from __future__ import annotations

import numpy as np
import pytest

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.newquestions.new_question import NewQuestion
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.survey import Survey
from tests.steer.conftest import tiny_model

TEXT, OPTIONS = "Should trains be free of charge?", ["Yes", "No", "Not sure"]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return ps.simulate(respondents=80, seed=0).select(questions=range(6))


@pytest.fixture(scope="module")
def space(survey: Survey) -> Embedder:
    return ps.Factorization(dim=4, seed=0).fit(survey)


@pytest.fixture(scope="module")
def asked(survey: Survey, space: Embedder) -> NewQuestion:
    return ps.NewQuestions(space, survey).ask(TEXT, OPTIONS)


def steered(survey: Survey, space: Embedder, soft_prompt: str) -> SteeredLM:
    settings = ps.TrainSettings(epochs=0.1, questions=2)
    return SteeredLM(tiny_model("llama, grouped queries"), soft_prompt=soft_prompt, settings=settings).fit(
        survey, space
    )


def test_answers_follow_what_is_told(survey: Survey, space: Embedder, asked: NewQuestion) -> None:
    lm, people = steered(survey, space, "informed"), ps.individual_personas(space)[:5]
    shares = [
        lm.ask(TEXT, OPTIONS, people, prior=asked.topline({"Yes": yes, "No": 0.9 - yes, "Not sure": 0.1}))["Yes"].mean()
        for yes in (0.1, 0.45, 0.8)
    ]
    assert shares[0] + 0.1 < shares[1] < shares[2] - 0.1
    several = lm.ask(TEXT, OPTIONS, people, prior=asked, orders=3)
    np.testing.assert_allclose(several.sum(axis=1), 1, atol=1e-5)


def test_what_is_told_must_be_about_the_question(survey: Survey, space: Embedder, asked: NewQuestion) -> None:
    lm, people = steered(survey, space, "informed"), ps.individual_personas(space)[:2]
    with pytest.raises(SettingError, match="ask for a prior of this question"):
        lm.ask(TEXT, OPTIONS[::-1], people, prior=asked)
    unaware = steered(survey, space, "question-aware")
    with pytest.raises(SettingError, match="this model is told no prior"):
        unaware.ask(TEXT, OPTIONS, people, prior=asked)
