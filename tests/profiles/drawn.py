"""Surveys drawn at random from known chances."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.persona.personas import Persona, Personas
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey


def drawn(chances: FloatArray, respondents: int, seed: int, questions: int = 40) -> tuple[Personas, Survey]:
    """Groups of ``chances.shape[0]`` who answer every question, and have a trait, by these chances; uneven weights."""
    rng = np.random.default_rng(seed)
    group = np.arange(respondents) % len(chances)
    limits = chances.cumsum(axis=1)[group, None, :-1]
    option = (rng.random((respondents, questions, 1)) > limits).sum(axis=2)
    trait = (rng.random((respondents, 1)) > limits[:, 0]).sum(axis=1)
    row, column = np.indices(option.shape)
    options = tuple(Option(str(o)) for o in range(chances.shape[1]))
    survey = Survey(
        respondents=tuple(f"r{i}" for i in range(respondents)),
        questions=tuple(Question(f"q{j}", f"Question {j}", options) for j in range(questions)),
        answers=Answers(row.ravel(), column.ravel(), option.ravel()),
        traits=pd.DataFrame({"trait": trait.astype(str)}),
        weights=rng.lognormal(0, 0.5, respondents),
    )
    names = np.array(survey.respondents)
    members = [tuple(names[group == g]) for g in range(len(chances))]
    return Personas(Persona(f"p{g}", "cluster", np.zeros(1, np.float32), m) for g, m in enumerate(members)), survey
