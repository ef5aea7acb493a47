"""A space with four planted clusters, known to the last number, and the survey it belongs to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.embedding.unlearned import Unlearned

SIZES = (60, 120, 40, 80)
OPTIONS = tuple(Option(text, place) for text, place in (("no", 0.0), ("perhaps", 0.5), ("yes", 1.0)))
QUESTIONS = tuple(Question(f"q{j}", f"Question {j}?", OPTIONS, f"topic {j % 3}") for j in range(40))


class Planted(NamedTuple):
    """The space, the survey, and each respondent's true cluster."""

    space: Unlearned
    survey: Survey
    truth: IntArray


def plant(respondents: IntArray, seed: int = 0) -> Planted:
    """Clusters of these sizes; everybody answers every question from the cluster's centre; traits follow it."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(len(respondents)), respondents)).astype(np.int64)
    space = Unlearned(dim=4)
    space.questions_ = QUESTIONS
    space.options_ = rng.normal(size=(3 * len(QUESTIONS), 4)).astype(np.float32)
    space.bias_ = np.zeros(3 * len(QUESTIONS), np.float32)
    centres = 2 * np.eye(4, dtype=np.float32)
    chances = space.predict(centres).reshape(4, -1, 3)[truth]
    option = (rng.random((*chances.shape[:2], 1)) > chances.cumsum(axis=2)[..., :2]).sum(axis=2)
    row, column = np.indices(option.shape)
    party = np.array(["D", "R", "I", "O"], dtype=object)[truth]
    party[rng.random(len(truth)) < 0.1] = None
    traits = pd.DataFrame({"party": party})
    traits["sex"] = np.where(np.arange(len(truth)) % 2, "f", "m")
    names = tuple(f"r{i}" for i in range(len(truth)))
    weights = rng.uniform(0.5, 1.5, size=len(truth))
    answers = Answers(row.ravel(), column.ravel(), option.ravel())
    survey = Survey(names, QUESTIONS, answers, traits, weights)
    space.fit(survey)
    space.respondents_ = (centres[truth] + 0.1 * rng.normal(size=(len(truth), 4))).astype(np.float32)
    return Planted(space, survey, truth)


@pytest.fixture(scope="session")
def planted() -> Planted:
    return plant(np.array(SIZES))
