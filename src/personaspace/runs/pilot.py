"""A pilot of a new question in a run: whom to ask next, how surely everybody's answers are known, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.errors import SettingError, SurveyError, shown
from personaspace.files import user_path
from personaspace.newquestions.evidence_files import PilotFile
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.points import PersonasLike
from personaspace.newquestions.poll import Poll
from personaspace.survey.spreadsheet import write_csv


@dataclass(frozen=True, eq=False)
class Pilot:
    """How far a pilot is, and whom to ask next.

    Attributes:
        everybody: What everybody is expected to answer, given the answers so far.
        width: The widest 95% interval of everybody's shares, from 0 to 1.
        limit: The pilot is done once ``width`` is below it.
        people: Whom to ask next, in that order: ``respondent``, ``persona`` and ``width``, that expected after asking
            up to here. Nobody where the pilot is done.
    """

    everybody: Poll
    width: float
    limit: float
    people: pd.DataFrame

    @property
    def done(self) -> bool:
        """Whether everybody's shares are known as surely as wanted."""
        return self.width < self.limit

    @property
    def needed(self) -> int | None:
        """How many of ``people`` are expected to suffice; ``None`` where they are not."""
        enough = self.people.index[self.people["width"] < self.limit]
        return int(enough[0]) if len(enough) else None


def pilot_of(asked: NewQuestion, personas: PersonasLike, n: int, limit: float, seed: int = 0) -> Pilot:
    """Choose whom to ask next, unless everybody's shares are known as surely as wanted.

    Args:
        asked: The question with the pilot's answers so far.
        personas: People are spread over them.
        n: How many people.
        limit: The widest 95% interval of everybody's shares that is narrow enough, from 0 to 1.
        seed: Of the draw of respondents who are considered.

    Raises:
        SurveyError: The question was asked already, or nobody is left to ask.
    """
    everybody = asked.everybody()
    if everybody.low is None or everybody.high is None:
        raise SurveyError(f"{shown(asked.question.text)} was asked with these options: its answers are known already")
    width = float((everybody.high - everybody.low).to_numpy().max())
    if width < limit:
        return Pilot(everybody, width, limit, pd.DataFrame(columns=["respondent", "persona", "width"]))
    people = asked.whom_to_ask(n, personas, seed)
    people["width"] = width * np.sqrt(people["remaining"])
    return Pilot(everybody, width, limit, people[["respondent", "persona", "width"]])


def write_pilot(path: str | Path, people: pd.DataFrame, file: PilotFile) -> None:
    """Write whom to ask as a CSV file with the columns ``respondent``, ``persona`` and ``answer``.

    Args:
        path: A new file; one that is there may hold answers, so it is left as it is.
        people: Respondents and their personas.
        file: The answers so far, which come first.

    Raises:
        SettingError: Something is there.
        RunError: The file cannot be written.
    """
    if (place := user_path(path)).exists():
        raise SettingError(f"{path} is there already and may hold answers: give --out another name")
    asked = pd.DataFrame({"respondent": list(file.answers), "persona": "", "answer": list(file.answers.values())})
    write_csv(place, pd.concat([asked, people[["respondent", "persona"]].assign(answer="")]))
