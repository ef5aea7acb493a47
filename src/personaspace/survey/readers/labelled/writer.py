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
from personaspace.survey.readers.labelled.file import read_file
from personaspace.survey.readers.writer import SourceWriter, cells_of
from personaspace.survey.survey import Survey


class LabelledWriter(SourceWriter):
    """Writer of a labelled file, whose rows are the survey's respondents in order.

    Args:
        path: The file.
        codings: How each question's variable is read.
        survey: The survey as it was read.
        encoding: Of the file's texts, where it was given.
    """

    def __init__(
        self,
        path: Path,
        codings: Mapping[str, Coding | NumberCoding],
        survey: Survey,
        encoding: str | None = None,
    ) -> None:
        self.path, self.codings, self.survey = path, codings, survey
        file = read_file(path, encoding)
        self.frame, self.about = pd.DataFrame(dict(file.columns)), file.about

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

        about = self.about
        same = {
            "file_label": about.file_label or "",
            "column_labels": about.column_labels,
            "variable_value_labels": about.variable_value_labels,
            "variable_format": about.original_variable_types,
        }
        if self.path.suffix.lower() == ".dta":
            pyreadstat.write_dta(frame, path, **same, missing_user_values=about.missing_user_values or None)
            return
        pyreadstat.write_sav(
            frame,
            path,
            **same,
            note=about.notes or None,
            compress=self.path.suffix.lower() == ".zsav",
            missing_ranges=about.missing_ranges or None,
            variable_display_width=about.variable_display_width,
            variable_measure=about.variable_measure,
        )
