"""A survey of feeling thermometers whose truth is known, with some questions of choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.scale import Scale
from personaspace.survey.survey import Survey


class Thermometers(NamedTuple):
    """The survey, and what each respondent would say on average, shape [respondents, thermometers]."""

    survey: Survey
    warmth: FloatArray


def thermometers(respondents: int = 400, questions: int = 12, choices: int = 6, seed: int = 0) -> Thermometers:
    """Two attitudes decide how warm people feel, with a heap at 50 and some questions not asked."""
    rng = np.random.default_rng(seed)
    attitude, loading = rng.normal(size=(respondents, 2)), rng.normal(size=(2, questions + choices))
    loading /= np.linalg.norm(loading, axis=0)
    warmth = 100 / (1 + np.exp(-1.5 * attitude @ loading))
    felt = np.clip(warmth[:, :questions] + rng.normal(0, 8, (respondents, questions)), 0, 100).round()
    felt[rng.random(felt.shape) < 0.05] = 50
    yes = rng.random((respondents, choices)) < warmth[:, questions:] / 100
    asked = rng.random(warmth.shape) < 0.8
    row, column = np.nonzero(asked)
    value = np.hstack([felt, np.full(yes.shape, np.nan)])[row, column]
    option = np.hstack([Scale(0, 100).nearest(felt), yes])[row, column]
    asks = [Question.number(f"t{j}", f"How warm do you feel about group {j}?", 0, 100) for j in range(questions)]
    asks += [Question(f"c{j}", f"Statement {j}?", (Option("no", 0.0), Option("yes", 1.0))) for j in range(choices)]
    names = tuple(f"r{i}" for i in range(respondents))
    return Thermometers(Survey(names, tuple(asks), Answers(row, column, option, value)), warmth[:, :questions])
