"""A survey of four people about tea and music that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.persona.personas import Persona, Personas
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

TEA = Question("tea", "Tea?", (Option("no"), Option("yes")), "drinks")
MUSIC = Question("music", "Music?", (Option("none"), Option("some"), Option("much")), "arts")


def persona(name: str, members: str) -> Persona:
    return Persona(name, "cluster", np.zeros(2, np.float32), tuple(members))


def small() -> tuple[Personas, Survey]:
    """Ann and Bob drink tea, Cy and Dee do not; Bob counts three times as much as the others."""
    cells = np.array([(0, 0, 1), (1, 0, 1), (2, 0, 0), (3, 0, 0), (0, 1, 2), (1, 1, 0), (2, 1, 0), (3, 1, 0)]).T
    traits = pd.DataFrame({"sex": ["f", "m", "m", "f"], "town": ["x", None, "x", "y"]})
    survey = Survey(tuple("abcd"), (TEA, MUSIC), Answers(*cells), traits, np.array([1.0, 3.0, 1.0, 1.0]))
    return Personas([persona("drinkers", "ab"), persona("others", "cd")]), survey
