"""Points of the space that the page asks about: personas, respondents, mixtures, and somebody's answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaspace.errors import SettingError, unknown
from personaspace.persona.personas import Persona
from personaspace.serve.explorer.explored import Explored
from personaspace.serve.explorer.requests import Point
from personaspace.survey.answers import Answers
from personaspace.survey.lookup import index_of
from personaspace.survey.survey import Survey

YOU = "you"


def persona_at(explored: Explored, point: Point) -> Persona:
    """The persona that stands at a point; a mixture and somebody's answers have no members.

    Raises:
        UnknownNameError: There is no such persona, respondent, question or option.
        SettingError: All weights of a mixture are 0.
    """
    if point.persona is not None:
        return explored.personas[point.persona]
    if point.respondent is not None:
        rows = explored.respondent_rows
        if point.respondent not in rows:
            raise unknown("respondent", point.respondent, rows)
        vector = explored.embedder.respondents_[rows[point.respondent]]
        return Persona(f"respondent {point.respondent}", "individual", vector, (point.respondent,))
    if point.mix is not None:
        if not any(point.mix.values()):
            raise SettingError("every weight is 0: give at least one persona a weight above 0")
        return explored.personas.mix(point.mix)
    vectors = explored.embedder.embed(answers_of(explored, point.answers or {}))
    return Persona(YOU, "mixture", np.asarray(vectors[0], np.float32))


def answers_of(explored: Explored, answers: Mapping[str, str]) -> Survey:
    """A survey of one person, with these options by question id.

    Raises:
        UnknownNameError: The embedder does not know a question, or a question has no such option.
    """
    columns = explored.known_columns
    chosen = []
    for name, answer in answers.items():
        if name not in columns:
            raise unknown("question", name, columns)
        options = index_of(option.text for option in explored.embedder.questions_[columns[name]].options)
        if answer not in options:
            raise unknown(f"option of {name}", answer, options)
        chosen.append((columns[name], options[answer]))
    question, option = np.array(chosen, dtype=np.int64).reshape(-1, 2).T
    return Survey((YOU,), explored.embedder.questions_, Answers(np.zeros(len(chosen), np.int64), question, option))
