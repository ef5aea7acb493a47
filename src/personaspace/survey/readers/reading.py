"""Reading: a survey together with the account of what was read, refused, left out and guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import escaped
from personaspace.survey.filters import filtered_questions
from personaspace.survey.survey import Survey

SHOWN = 6
"""Columns that a line of the account names."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A column that is neither id, weight, trait nor question.

    Attributes:
        column: Its name.
        kind: What it is, such as ``"administrative"``.
        why: The rule that says so.
    """

    column: str
    kind: str
    why: str


@dataclass(frozen=True, eq=False)
class Reading:
    """A survey with the account of its reading, so that nothing vanishes unsaid.

    Attributes:
        survey: What was read.
        rows: Rows of the file or files.
        respondent: Column of the ids, or ``None`` where the rows were numbered.
        weight: Column or columns of the weights.
        left_out: Columns that were not read as part of the survey.
        codebook: The codebook that was followed where it was drafted, so that it can be kept and edited.
        doubtful: Guesses that a person should look at, a sentence each that begins with the column's name.
        notes: What else a user should know, a sentence each.
    """

    survey: Survey
    rows: int
    respondent: str | None = None
    weight: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    codebook: Mapping[str, Any] | None = None
    doubtful: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def whole(cls, survey: Survey) -> Reading:
        """The reading of a source that says itself what everything is."""
        return cls(survey, len(survey), respondent="the source's own")

    @property
    def numbered(self) -> bool:
        """Whether the respondents' ids are the numbers of their rows."""
        return self.respondent is None

    def sentences(self) -> list[str]:
        """What a user should be told, in few sentences: that roles were guessed, what is doubtful, and the notes."""
        said = list(self.notes)
        if self.codebook is not None:
            survey, name = self.survey, self.survey.name
            kinds = f"{len(survey.questions)} questions, {len(survey.traits.columns)} traits"
            left = f"{len(self.left_out)} columns left out"
            weight = "no weight" if self.weight is None else f"weight {self.weight}"
            said.insert(0, f"{name}: what the columns are for was guessed ({kinds}, {weight}, {left}): "
                           "`personaspace codebook` writes the guesses down, to be corrected")  # fmt: skip
        if self.doubtful:
            more = f" (and {len(self.doubtful) - SHOWN} more)" if len(self.doubtful) > SHOWN else ""
            said.append(f"doubtful guesses: {'; '.join(self.doubtful[:SHOWN])}{more}")
        return said

    def account(self) -> pd.DataFrame:
        """What became of the file: columns ``what``, ``count`` and ``which``, a row per kind of thing."""
        survey = self.survey
        kinds: dict[str, list[str]] = {}
        for left in self.left_out:
            kinds.setdefault(left.kind, []).append(left.column)
        cells = len(survey) * len(survey.questions)
        boxes = [question.id for question in survey.questions if question.stem is not None]
        numbers = [question.id for question in survey.questions if question.scale is not None]
        nominal = [q.id for q in survey.questions if not q.ordinal and q.id not in boxes]
        unchosen = [
            f"{question.id}: {option.text}"
            for question, counts in zip(
                survey.questions, np.split(survey.option_counts(), survey.offsets[1:-1]), strict=True
            )
            for option, count in zip(question.options, counts, strict=True)
            if not count and question.scale is None
        ]
        filters = filtered_questions(survey)
        rows: list[tuple[str, int, str]] = [
            ("rows", self.rows, "" if self.respondent is None else f"ids: {self.respondent}"),
            ("respondents", len(survey), "numbered from 1" if self.respondent is None else ""),
            ("weight", int(survey.weights is not None), self.weight or "none: everybody counts alike"),
            ("traits", len(survey.traits.columns), some(list(survey.traits.columns.astype(str)))),
            ("questions", len(survey.questions), ""),
            ("- without order", len(nominal), some(nominal)),
            ("- numbers", len(numbers), some(numbers)),
            ("- boxes to tick", len(boxes), some(boxes)),
            ("- after certain answers", len(filters), some(list(filters))),
            ("answers", len(survey.answers), f"{len(survey.answers) / max(cells, 1):.0%} of the cells"),
            ("refused", len(survey.refusals), ""),
            ("no answer", cells - len(survey.answers) - len(survey.refusals), "empty, not asked or missing"),
            ("options nobody chose", len(unchosen), some(unchosen)),
            *((f"left out: {kind}", len(names), some(names)) for kind, names in kinds.items()),
        ]
        kept = [row for row in rows if row[1] or row[0] in ("rows", "respondents", "weight", "traits", "answers")]
        return pd.DataFrame(kept, columns=["what", "count", "which"])


def joined(readings: Sequence[Reading], survey: Survey) -> Reading:
    """The account of several readings whose surveys were joined into one."""

    def named(reading: Reading, text: str) -> str:
        return f"{reading.survey.name}: {text}"

    weights = [reading.weight for reading in readings if reading.weight is not None]
    return Reading(
        survey,
        rows=sum(reading.rows for reading in readings),
        respondent=", ".join(dict.fromkeys(reading.respondent or "" for reading in readings)),
        weight=f"the mean of {', '.join(weights)}, each scaled to mean 1" if weights else None,
        left_out=tuple(
            LeftOut(named(reading, left.column), left.kind, left.why)
            for reading in readings
            for left in reading.left_out
        ),
        doubtful=tuple(named(reading, guess) for reading in readings for guess in reading.doubtful),
        notes=tuple(named(reading, note) for reading in readings for note in reading.notes),
    )


def some(names: Sequence[str], longest: int = 30) -> str:
    """The first names of several, and how many more there are, for a line of text."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(escaped(name, most=longest) for name in names[:SHOWN]) + more
