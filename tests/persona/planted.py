"""Surveys with planted groups: opinions, response styles, forms, none; and an embedder of planted clusters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray, IntArray
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


def styled(style: str, seed: int, respondents: int = 300, questions: int = 40) -> tuple[Survey, BoolArray]:
    """A third of the people give four fifths of their answers in a style; else everybody answers by two opinions.

    Returns:
        The survey, 90% filled, and who has the style.
    """
    rng = np.random.default_rng(seed)
    shows = rng.permutation(np.arange(respondents) % 3) == 0
    opinions = rng.normal(size=(respondents, 2)) @ rng.normal(size=(2, questions))
    scores = np.log(rng.dirichlet(np.full(5, 2.0), questions)) + 0.3 * opinions[..., None] * np.arange(-2, 3)
    chances = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    option = (rng.random((*opinions.shape, 1)) > chances.cumsum(axis=2)[..., :-1]).sum(axis=2)
    ends = 4 * rng.integers(2, size=option.shape)
    by_style = {"middle": 2, "ends": ends, "same end": 4, "off the scale": 5}[style]
    option = np.where(shows[:, None] & (rng.random(option.shape) < 0.8), by_style, option)
    row, column = np.nonzero(rng.random(option.shape) < 0.9)
    options = (*AGREE, Option("Not sure"))
    asked = tuple(Question(f"q{j}", f"Statement {j}", options) for j in range(questions))
    names = tuple(f"r{i}" for i in range(respondents))
    return Survey(names, asked, Answers(row, column, option[row, column])), shows


def forms(seed: int, respondents: int = 300, questions: int = 60) -> tuple[Survey, IntArray]:
    """Three forms of different questions, answered without any opinion; the survey and who got which form."""
    form = np.random.default_rng(seed).permutation(np.arange(respondents) % 3)
    survey = unstructured(respondents, questions, 1.0, seed)
    return survey.with_answers(form[survey.answers.respondent] == survey.answers.question % 3), form


def named(groups: IntArray, survey: Survey) -> Personas:
    """Groups of respondents as personas ``group-0``, ``group-1``, ..."""
    names = np.array(survey.respondents)
    return Personas(
        Persona(
            f"group-{g}", "cluster", np.zeros(1, np.float32), tuple(names[groups == g]), float((groups == g).mean())
        )
        for g in range(groups.max() + 1)
    )


@pytest.fixture(scope="session")
def planted() -> Planted:
    return plant(np.array(SIZES))


@pytest.fixture(scope="session")
def four(planted: Planted) -> Personas:
    """The planted clusters as personas, by K-Means with weights."""
    return cluster_personas(planted.embedder, planted.survey, k=4)
