"""A point of the space to be read: where it lies, what sets it apart, and of a respondent what was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np

from personaspace.imputation.next_question import next_question
from personaspace.reports.sections.space import percent
from personaspace.reports.story import Missing
from personaspace.serve.explorer.explored import Explored
from personaspace.serve.explorer.points import answers_of, persona_at
from personaspace.serve.explorer.requests import Answered, Point
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.filters import filtered_questions
from personaspace.survey.option_sums import sum_options

APART = 12
"""Questions shown in which a point differs from everybody."""


def read(explored: Explored, point: Point) -> dict[str, Any]:
    """Read a point.

    Returns:
        ``name``; ``place`` on the map in percent, ``None`` without a map; ``persona``, the place of the nearest one;
        ``apart``, the questions on which its expected answers differ most from everybody's; of a respondent also
        ``traits`` and ``answers``.

    Raises:
        PersonaSpaceError: There is no such point.
    """
    persona = persona_at(explored, point)
    given = set(point.answers or ())
    found: dict[str, Any] = {"name": persona.name, "place": _place(explored, point, persona.vector)}
    found["persona"] = explored.persona_of(persona.vector)
    if point.respondent is not None:
        found |= _respondent(explored, point.respondent, persona.vector)
        given = {answer["id"] for answer in found["answers"]}
    return found | {"apart": _apart(explored, persona.vector, given)}


def next_to_ask(explored: Explored, answered: Answered) -> dict[str, Any]:
    """The question whose answer would tell most about somebody; ``question`` is ``None`` where none is left.

    Raises:
        UnknownNameError: There is no such question or option.
    """
    answers_of(explored, answered.answers)
    left = explored.known_columns.keys() - answered.answers.keys() - set(answered.skipped)
    if left:
        table = next_question(explored.embedder, answered.answers, survey=explored.story.split.survey)
        for name in table["question"]:
            if name in left:
                question = explored.embedder.questions_[explored.known_columns[name]]
                options = [option.text for option in question.options]
                return {"question": {"id": name, "text": question.text, "options": options}}
    return {"question": None}


def _place(explored: Explored, point: Point, vector: Vectors) -> list[float] | None:
    """Where a point is on the map, in percent of its width and height."""
    drawn = explored.story.map
    if isinstance(drawn, Missing) or explored.placer is None:
        return None
    shown = drawn.points[drawn.points["id"] == point.respondent]
    places = shown
    if shown.empty:
        x, y = explored.placer.place(vector[None])[0]
        places = shown.reindex([0]).assign(x=x, y=y)
    left, top = percent(places, drawn.points)
    return [left[0], top[0]]


def _apart(explored: Explored, vector: Vectors, without: Collection[str]) -> list[dict[str, Any]]:
    """Questions on which expected answers differ most from everybody's in total variation, topics taking turns."""
    embedder, everybody = explored.embedder, explored.everybody
    expected = np.asarray(embedder.predict(vector[None])[0], np.float64)
    apart = sum_options(np.abs(expected - everybody), embedder.offsets_) / 2
    left_out = {*without, *filtered_questions(explored.story.split.survey)}
    seen: Counter[str | None] = Counter()
    turns = []
    for rank, column in enumerate(np.argsort(-apart, kind="stable").tolist()):
        question = embedder.questions_[column]
        if question.id not in left_out:
            turns.append((seen[question.topic] if question.topic else 0, rank, column))
            seen[question.topic] += 1
    return [_beside(explored, column, expected) for _, _, column in sorted(turns)[:APART]]


def _beside(explored: Explored, column: int, expected: FloatArray) -> dict[str, Any]:
    """A question, with the expected answers of a point and of everybody."""
    question, block = explored.embedder.questions_[column], slice(*explored.embedder.offsets_[column : column + 2])
    both = [shares[block].round(4).tolist() for shares in (expected, explored.everybody)]
    options = [option.text for option in question.options]
    return {"id": question.id, "text": question.text, "options": options, "expected": both[0], "everybody": both[1]}


def _respondent(explored: Explored, name: str, vector: Vectors) -> dict[str, Any]:
    """Traits and answers of a respondent; the answers least expected of them first."""
    survey, embedder = explored.training, explored.embedder
    row, fitted_on = survey.respondent_index[name], explored.story.split.train
    traits = survey.traits.iloc[row].dropna().rename(survey.trait_labels)
    given = survey.answers.where(survey.answers.respondent == row)
    learned = fitted_on.answers.where(fitted_on.answers.respondent == fitted_on.respondent_index[name])
    learned_from = {fitted_on.questions[column].id for column in learned.question.tolist()}
    expected, offsets = embedder.predict(vector[None])[0], embedder.offsets_
    answers = []
    for column, option in zip(given.question.tolist(), given.option.tolist(), strict=True):
        question = survey.questions[column]
        if (at := explored.known_columns.get(question.id)) is not None:
            shares = expected[offsets[at] : offsets[at + 1]]
            answers.append(
                {
                    "id": question.id,
                    "text": question.text,
                    "options": [one.text for one in question.options],
                    "answer": question.options[option].text,
                    "chance": round(float(shares[option]), 4),
                    "likeliest": question.options[int(shares.argmax())].text,
                    "set_apart": question.id not in learned_from,
                }
            )
    apart = [answer for answer in answers if answer["set_apart"]]
    return {
        "traits": [[str(trait), str(value)] for trait, value in traits.items()],
        "answers": sorted(answers, key=lambda answer: answer["chance"]),
        "set_apart": len(apart),
        "foreseen": sum(answer["answer"] == answer["likeliest"] for answer in apart),
    }
