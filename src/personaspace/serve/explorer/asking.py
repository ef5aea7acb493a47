"""Questions put to personas and guests: expected from the text, expected with what is known, and as answered."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from personaspace.newquestions.evidence_files import PilotFile, pilot_of_lines, told_pilot
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.poll import Poll
from personaspace.persona.personas import Persona
from personaspace.serve.explorer.explored import Explored, Real
from personaspace.serve.explorer.points import persona_at
from personaspace.serve.explorer.requests import Asked, WhomToAsk
from personaspace.survey.arrays import FloatArray

Cell = tuple[float, float | None, float | None] | None
"""A share with the ends of its 95% interval, where it has one; ``None`` where it is not known."""

EVERYBODY = "everybody"
MORE = 8
"""Times as many people as wanted are considered first where only those count who answered."""


def ask(explored: Explored, asked: Asked) -> dict[str, Any]:
    """Ask personas, everybody and guests a question.

    Returns:
        ``rows``, one for each of them: ``before`` from the question's text alone and ``now`` with what is known,
        ``real`` as members answered it, each a :data:`Cell` per option. ``before`` is ``None`` where nothing else is
        known than the text.

    Raises:
        PersonaSpaceError: The question, its options, a guest, the pilot or the topline is none.
    """
    bare = explored.new_questions.ask(asked.question, asked.options)
    told, pilot = _told(explored, bare, asked)
    guests = [persona_at(explored, guest) for guest in asked.guests]
    real = explored.real(bare.question)
    about = _about(explored, real) + [_about_guest(guest, real, asked.options) for guest in guests]
    now = _expected(explored, told, guests)
    before = [None] * len(now) if told is bare else _expected(explored, bare, guests)
    rows = [{**one, "before": first, "now": then} for one, first, then in zip(about, before, now, strict=True)]
    return {
        "options": asked.options,
        "rows": rows,
        "known": bare.known is not None,
        "held_out": bool(real and real.held_out),
        "pilot": {"answers": len(pilot.answers), "blank": len(pilot.blank)},
        "topline": asked.topline is not None,
    }


def whom_to_ask(explored: Explored, asked: WhomToAsk) -> dict[str, Any]:
    """Name respondents who together stand for everybody; of a held-out question those who answered it, and how.

    Raises:
        SurveyError: The question was asked already, or nobody is left to ask.
    """
    bare = explored.new_questions.ask(asked.question, asked.options)
    told, _ = _told(explored, bare, asked)
    real = explored.real(bare.question)
    wanted = asked.n * MORE if real else asked.n
    people = told.whom_to_ask(wanted, explored.personas)
    if real:
        people = people[people["respondent"].isin(real.chosen)]
    survey = explored.story.split.train
    found = []
    for row in people.head(asked.n).to_dict("records"):
        traits = survey.traits.iloc[survey.respondent_index[row["respondent"]]].dropna()
        found.append(
            {
                "respondent": row["respondent"],
                "persona": row["persona"],
                "traits": [str(value) for value in traits.iloc[:4]],
                "answer": real.chosen[row["respondent"]] if real else "",
            }
        )
    return {"people": found, "real": real is not None}


def _told(explored: Explored, bare: NewQuestion, asked: Asked) -> tuple[NewQuestion, PilotFile]:
    """The question with what is known of it."""
    pilot = pilot_of_lines(asked.pilot, bare.question)
    told = told_pilot(bare, pilot, explored.story.split.unseen_known)
    return told if asked.topline is None else told.topline(asked.topline, asked.topline_n), pilot


def _about(explored: Explored, real: Real | None) -> list[dict[str, Any]]:
    """Who the rows of personas and everybody are, and how they answered."""
    named = [(persona.name, persona.label, "persona") for persona in explored.personas] + [(EVERYBODY, "", EVERYBODY)]
    answered = [None] * len(named) if real is None else cells(real.share, real.low, real.high)
    counts = [None] * len(named) if real is None else real.answered
    return [
        {"name": name, "label": label, "kind": kind, "place": at, "real": own, "answered": count}
        for at, ((name, label, kind), own, count) in enumerate(zip(named, answered, counts, strict=True))
    ]


def _about_guest(guest: Persona, real: Real | None, options: Sequence[str]) -> dict[str, Any]:
    """Who the row of a guest is, and what it answered where it is a respondent who did."""
    answer = real.chosen.get(guest.members[0]) if real and guest.members else None
    own = None if answer is None else [(float(option == answer), None, None) for option in options]
    return {"name": guest.name, "label": "", "kind": "guest", "place": None, "real": own, "answered": None}


def _expected(explored: Explored, asked: NewQuestion, guests: Sequence[Persona]) -> list[list[Cell]]:
    """Cells of the personas, everybody, and the guests."""
    vectors = np.array([persona.vector for persona in (*explored.personas, *guests)], np.float32)
    found, count = _cells_of(asked.predict(vectors)), len(explored.personas)
    return [*found[:count], *_cells_of(asked.everybody()), *found[count:]]


def _cells_of(poll: Poll) -> list[list[Cell]]:
    ends = [None if end is None else end.to_numpy(np.float64) for end in (poll.low, poll.high)]
    return cells(poll.probabilities.to_numpy(np.float64), *ends)


def cells(share: FloatArray, low: FloatArray | None = None, high: FloatArray | None = None) -> list[list[Cell]]:
    """Shares ``[rows, options]`` and the ends of their intervals as plain numbers with four digits."""
    table = [part.round(4).tolist() for part in (share, *(end for end in (low, high) if end is not None))]
    return [[_cell(*ends) for ends in zip(*rows, strict=True)] for rows in zip(*table, strict=True)]


def _cell(share: float, low: float | None = None, high: float | None = None) -> Cell:
    return None if isnan(share) else (share, low, high)
