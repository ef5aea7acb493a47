"""Fixtures: an embedder with four planted clusters, the survey it belongs to, and the personas found there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Personas
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.embedding.unlearned import Unlearned

SIZES = (60, 120, 40, 80)
OPTIONS = tuple(Option(text, place) for text, place in (("no", 0.0), ("perhaps", 0.5), ("yes", 1.0)))
QUESTIONS = tuple(Question(f"q{j}", f"Question {j}?", OPTIONS, f"topic {j % 3}") for j in range(40))


class Planted(NamedTuple):
    """The embedder, the survey, and each respondent's true cluster."""

    embedder: Unlearned
    survey: Survey
    truth: IntArray


def plant(respondents: IntArray, seed: int = 0) -> Planted:
    """Clusters of these sizes; everybody answers every question from the cluster's centre; traits follow it."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(len(respondents)), respondents)).astype(np.int64)
    embedder = Unlearned(dim=4)
    embedder.questions_ = QUESTIONS
    embedder.options_ = rng.normal(size=(3 * len(QUESTIONS), 4)).astype(np.float32)
    embedder.bias_ = np.zeros(3 * len(QUESTIONS), np.float32)
    centres = 2 * np.eye(4, dtype=np.float32)
    chances = embedder.predict(centres).reshape(4, -1, 3)[truth]
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
    embedder.fit(survey)
    embedder.respondents_ = (centres[truth] + 0.1 * rng.normal(size=(len(truth), 4))).astype(np.float32)
    return Planted(embedder, survey, truth)


AGREE = tuple(
    Option(text, place / 4)
    for place, text in enumerate(("Disagree strongly", "Disagree", "Neither", "Agree", "Agree strongly"))
)


def unstructured(respondents: int, questions: int, filled: float, seed: int) -> Survey:
    """Independent answers to a random part of the questions: there are no groups of people."""
    rng = np.random.default_rng(seed)
    row, column = np.nonzero(rng.random((respondents, questions)) < filled)
    shares = rng.dirichlet(np.full(len(AGREE), 2.0), questions)
    option = (rng.random((len(row), 1)) > shares[column].cumsum(axis=1)[:, :-1]).sum(axis=1)
    asked = tuple(Question(f"q{j}", f"Statement {j}", AGREE) for j in range(questions))
    return Survey(tuple(f"r{i}" for i in range(respondents)), asked, Answers(row, column, option))


@pytest.fixture(scope="session")
def planted() -> Planted:
    return plant(np.array(SIZES))


@pytest.fixture(scope="session")
def four(planted: Planted) -> Personas:
    """The planted clusters as personas, by K-Means with weights."""
    return cluster_personas(planted.embedder, planted.survey, k=4)
