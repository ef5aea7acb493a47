"""A source as a form to be filled in: which blanks it has room for, and a copy of it with answers in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from personaspace.files import write_atomically
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.storage import write_survey
from personaspace.survey.survey import Survey, completed


class SourceWriter(Protocol):
    """A source of answers, read and ready to be copied with its blanks filled."""

    def room(self, blanks: Pairs) -> BoolArray:
        """Which of these cells of the survey can be written, shape ``[blanks]``."""

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy in which these cells hold these answers.

        Args:
            drawn: Counted as in the survey.
            target: Path of the copy without suffix.

        Returns:
            The path written, a file or a folder.
        """


class WideCsvWriter:
    """Any survey as a CSV file of option texts: for sources whose own format cannot be written."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def room(self, blanks: Pairs) -> BoolArray:
        """All of them."""
        return np.ones(len(blanks), np.bool_)

    def write(self, drawn: Answers, target: Path) -> Path:
        """A row per respondent: id, weight where there is one, traits, an option's text per question."""
        survey = completed(self.survey, drawn)
        table = survey.traits.reset_index(drop=True)
        if survey.weights is not None:
            table.insert(0, "weight", survey.weights)
        table.insert(0, "respondent", pd.Series(survey.respondents, dtype="str"))
        path = target.with_name(f"{target.name}.csv")
        full = pd.concat([table, _texts(survey)], axis=1)
        write_atomically(path, lambda temporary: full.to_csv(temporary, index=False))
        return path


class SavedWriter(WideCsvWriter):
    """A survey this package wrote: a folder with the same three files."""

    def write(self, drawn: Answers, target: Path) -> Path:
        """A folder."""
        write_survey(completed(self.survey, drawn), target)
        return target


def cells_of(question: Question, drawn: Answers, column: pd.Series, coded: IntArray, codes: Sequence[Any]) -> list[Any]:
    """What a column holds where these answers are given: written as most of its cells write them.

    Args:
        question: The question of the column.
        drawn: Answers to it.
        column: Its cells.
        coded: What each means, as :meth:`Coding.encode` says.
        codes: How to write each option that no cell holds.

    Returns:
        One cell per answer: a number where the question has a scale.
    """
    if question.scale is not None:
        return list(drawn.value.tolist())
    cells = column.to_numpy(dtype=object)
    found = [Counter(cells[coded == option].tolist()).most_common(1) for option in range(len(question.options))]
    written = [most[0][0] if most else code for most, code in zip(found, codes, strict=True)]
    return [written[option] for option in drawn.option.tolist()]


def _texts(survey: Survey) -> pd.DataFrame:
    answers, width = survey.answers, len(survey.questions)
    table = np.full((len(survey.respondents), width), "", dtype=object)
    for j, question in enumerate(survey.questions):
        here = answers.question == j
        texts = np.array([option.text for option in question.options], dtype=object)
        numbers = pd.Series(answers.value[here]).map("{:.10g}".format).to_numpy()
        table[answers.respondent[here], j] = texts[answers.option[here]] if question.scale is None else numbers
    return pd.DataFrame(table, columns=[question.id for question in survey.questions])
