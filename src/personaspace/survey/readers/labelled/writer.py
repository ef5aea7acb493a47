"""Copies of SPSS and Stata files, blanks filled: the same variables, labels and declared missing values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import SurveyError
from personaspace.files import write_atomically
from personaspace.survey.answers import Answers
from personaspace.survey.readers.coding import Coding, NumberCoding
from personaspace.survey.readers.formats.spss_stata import read_file
from personaspace.survey.readers.writer import SourceWriter, cells_of
from personaspace.survey.survey import Survey


class LabelledWriter(SourceWriter):
    """Writer of a labelled file, whose rows are the survey's respondents in order.

    Args:
        path: The file.
        codings: How each question's variable is read.
        survey: The survey as it was read.
    """

    def __init__(self, path: Path, codings: Mapping[str, Coding | NumberCoding], survey: Survey) -> None:
        self.path, self.codings, self.survey = path, codings, survey
        self.frame, self.file = read_file(path)

    def write(self, drawn: Answers, target: Path) -> Path:
        """Write a copy; see :meth:`SourceWriter.write`."""
        frame = self.frame.copy()
        for j, part in drawn.by_question():
            question = self.survey.questions[j]
            column, coding = frame[question.id].copy(), self.codings[question.id]
            codes: list[Any] = [] if isinstance(coding, NumberCoding) else list(coding.codes)
            if pd.api.types.is_numeric_dtype(column):
                codes = [float(code) for code in codes]
            column.iloc[part.respondent] = cells_of(question, part, column, coding.encode(column), codes)
            frame[question.id] = column
        path = target.with_name(target.name + self.path.suffix)
        try:
            write_atomically(path, lambda temporary: self._write(frame, temporary))
        except (ValueError, TypeError, KeyError) as error:
            raise SurveyError(f"{self.path} cannot be written anew ({error}): save it as CSV and fit that") from error
        return path

    def _write(self, frame: pd.DataFrame, path: Path) -> None:
        import pyreadstat

        file = self.file
        same = {
            "file_label": file.file_label or "",
            "column_labels": file.column_labels,
            "variable_value_labels": file.variable_value_labels,
            "variable_format": file.original_variable_types,
        }
        if self.path.suffix.lower() == ".dta":
            pyreadstat.write_dta(frame, path, **same, missing_user_values=file.missing_user_values or None)
            return
        pyreadstat.write_sav(
            frame,
            path,
            **same,
            compress=self.path.suffix.lower() == ".zsav",
            missing_ranges=file.missing_ranges or None,
            variable_display_width=file.variable_display_width,
            variable_measure=file.variable_measure,
        )
