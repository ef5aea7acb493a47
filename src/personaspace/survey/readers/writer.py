"""Writers: copies of a source of answers in its own format, with blanks filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.spreadsheet import write_csv
from personaspace.survey.storage import write_survey
from personaspace.survey.survey import Survey


class SourceWriter(Protocol):
    """The writer of one source: knows which blanks its format can hold, and writes copies with blanks filled."""

    def can_write(self, blanks: Pairs) -> BoolArray:
        """Whether each of these blank cells of the survey can be filled, shape ``[blanks]``; all by default."""
        return np.ones(len(blanks), np.bool_)

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy in which blank cells hold these answers.

        Args:
            drawn: The answers, counted as in the survey.
            target: Path of the copy without suffix.

        Returns:
            The path written, a file or a folder.
        """


class WideCsvWriter(SourceWriter):
    """Writer of any survey as a CSV file of option texts, for sources whose own format cannot be written."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a row per respondent: id, weight where there is one, traits, and an answer per question."""
        survey = self.survey.with_more_answers(drawn)
        table = survey.traits.reset_index(drop=True)
        if survey.weights is not None:
            table.insert(0, "weight", survey.weights)
        table.insert(0, "respondent", pd.Series(survey.respondents, dtype="str"))
        answers = survey.to_frame().reset_index(drop=True)
        for question in survey.questions:
            if question.scale is not None:
                answers[question.id] = answers[question.id].map("{:.10g}".format, na_action="ignore")
        path = target.with_name(f"{target.name}.csv")
        write_csv(path, pd.concat([table, answers], axis=1))
        return path


class SavedWriter(WideCsvWriter):
    """Writer of a survey that this package saved: a folder with the same three files."""

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a folder; see :meth:`SourceWriter.write`."""
        write_survey(self.survey.with_more_answers(drawn), target)
        return target


def cells_of(question: Question, drawn: Answers, column: pd.Series, coded: IntArray, codes: Sequence[Any]) -> list[Any]:
    """Cells for drawn answers, written as most cells of their column write the same option.

    Args:
        question: The question of the column.
        drawn: Answers to it.
        column: Its cells.
        coded: The option of each cell, as :meth:`Coding.encode` returns it.
        codes: A cell for each option, used where no cell holds it.

    Returns:
        One cell per answer: a number where the question has a scale.
    """
    if question.scale is not None:
        return list(drawn.value.tolist())
    cells = column.to_numpy(dtype=object)
    found = [Counter(cells[coded == option].tolist()).most_common(1) for option in range(len(question.options))]
    written = [most[0][0] if most else code for most, code in zip(found, codes, strict=True)]
    return [written[option] for option in drawn.option.tolist()]
