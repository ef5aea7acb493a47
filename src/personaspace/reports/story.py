"""What a report tells of a run, as plain objects; a part that the run lacks is :class:`Missing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from personaspace.evaluation.results import Results
from personaspace.newquestions.poll import Poll
from personaspace.persona.map import Map
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import Profile
from personaspace.survey.question import Question
from personaspace.survey.split import Split


@dataclass(frozen=True)
class Missing:
    """A part that a run lacks.

    Attributes:
        why: What is lacking, in a sentence.
        command: The command that makes it; empty where none does.
    """

    why: str
    command: str = ""


@dataclass(frozen=True, eq=False)
class HeldOutQuestion:
    """A question that was held out, as expected before and after a pilot, and as it was answered.

    The tables have personas in rows, everybody last, and options in columns.

    Attributes:
        question: The question.
        before: What is expected from its text alone.
        after: What is expected given the pilot's answers too.
        actual: The weighted shares of those training respondents who answered it, of the pilot too.
        answered: How many of each row answered it.
        effective: Their effective number, which unequal weights make smaller.
        pilot: How many were asked in the pilot.
    """

    question: Question
    before: Poll
    after: Poll
    actual: pd.DataFrame
    answered: pd.Series[int]
    effective: pd.Series[float]
    pilot: int


@dataclass(frozen=True, eq=False)
class Words:
    """An answer drawn for each persona, and the sentence in which a language model says it.

    Attributes:
        question: The question they answer.
        model: The base model's name.
        said: A row per persona, with the columns ``answer`` and ``text``.
    """

    question: Question
    model: str
    said: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Story:
    """All that a report shows.

    Attributes:
        split: The survey and what was set apart of it.
        personas: The cluster personas.
        profile: Their profile.
        map: The map of respondents.
        variance: The table of :func:`~personaspace.profiles.explained_variance.explained_variance`.
        results: The table of the evaluation.
        rows: Rows that were measured beside it, where there are some.
        held_out: A question asked before and after a pilot.
        words: What a steered model says.
        made: How the run was made: names and values, such as the embedder and versions.
        individuals: Whether points of the map hold traits and answers, by which they can be coloured.
    """

    split: Split
    personas: Personas
    profile: Profile | Missing
    map: Map | Missing
    variance: pd.DataFrame | Missing
    results: Results | Missing
    rows: Results | Missing
    held_out: HeldOutQuestion | Missing
    words: Words | Missing
    made: Mapping[str, str]
    individuals: bool = True
