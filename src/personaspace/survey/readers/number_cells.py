"""From the cells of a column of numbers to points of the question's scale, refusals and gaps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.question import FloatArray, Question
from personaspace.survey.readers.cells import MISSING, REFUSED, plain
from personaspace.survey.scale import Scale
from personaspace.survey.survey import IntArray


@dataclass(frozen=True, eq=False)
class NumberCoding:
    """What each possible cell of the column of a question on a scale means.

    Attributes:
        question: The question answered.
        scale: Its scale.
        outcomes: From :func:`plain` cell in lower case to ``REFUSED`` or ``MISSING``; all else is a number.
    """

    question: Question
    scale: Scale
    outcomes: Mapping[str, int]

    @classmethod
    def of(cls, question: Question, scale: Scale, refusals: Iterable[str] = (), missing: Iterable[str] = ()) -> Self:
        """The coding of a question on a scale.

        Args:
            question: The question answered.
            scale: Its scale.
            refusals: Cells that mean the respondent refused.
            missing: Cells that mean the question was not answered.

        Raises:
            SurveyError: A refusal or missing code is a number on the scale.
        """
        outcomes = {plain(cell).casefold(): REFUSED for cell in refusals}
        outcomes |= {plain(cell).casefold(): MISSING for cell in missing}
        if on_scale := [cell for cell in outcomes if _number(cell, scale) is not None]:
            raise SurveyError(
                f"question {question.id!r}: {on_scale[0]!r} is a refusal or missing code and also a number on the "
                f"scale {scale}: give the question `refusals` and `missing` of its own"
            )
        return cls(question, scale, outcomes)

    def encode(self, column: pd.Series) -> IntArray:
        """Index of the nearest point, ``REFUSED`` or ``MISSING`` for every cell.

        Args:
            column: Text or numbers; empty cells are missing.

        Returns:
            Shape of the column.

        Raises:
            SurveyError: A cell is not a number on the scale.
        """
        outcome, number = self._read(column)
        return np.where(np.isnan(number), outcome, self.scale.nearest(np.nan_to_num(number, nan=self.scale.low)))

    def numbers(self, column: pd.Series) -> FloatArray:
        """The number in every cell, NaN for a refusal or gap; shape of the column."""
        return self._read(column)[1]

    def _read(self, column: pd.Series) -> tuple[IntArray, FloatArray]:
        codes, cells = pd.factorize(column)
        texts = [plain(cell).casefold() for cell in cells]
        outcomes = [self.outcomes.get(text, MISSING) for text in texts]
        numbers = [_number(text, self.scale) for text in texts]
        for at, (text, number) in enumerate(zip(texts, numbers, strict=True)):
            if text and number is None and text not in self.outcomes:
                raise SurveyError(
                    f"question {self.question.id!r}: {int((codes == at).sum())} row(s) hold {str(cells[at])!r}, which "
                    f"is not a number from {self.scale}: correct the data, the scale, or add it to the refusals or "
                    "the missing codes"
                )
        found = np.array([*numbers, None], dtype=np.float64)
        return np.array([*outcomes, MISSING], dtype=np.int64)[codes], found[codes]


def _number(text: str, scale: Scale) -> float | None:
    """The number a text stands for, if it is one on the scale."""
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if scale.low <= number <= scale.high else None
