"""Read the cells of a table as answers, refusals or missing answers; any other cell is an error.

:class:`Coding` reads the column of a question with options, :class:`NumberCoding` that of a question on a scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question
from personaspace.survey.scale import Scale

REFUSED = -1
MISSING = -2


def plain(cell: object) -> str:
    """A cell as text in which 1, 1.0, "1" and "1.0" are the same code, and so are 0 and -0.

    Example:
        >>> plain(1.0), plain(" 1 "), plain("1.0"), plain(-0.0), plain("Very  often")
        ('1', '1', '1', '0', 'Very often')
    """
    text = " ".join(str(cell).split())
    number, dot, decimals = text.partition(".")
    code = number if dot and number.lstrip("-").isdigit() and not decimals.strip("0") else text
    return "0" if code == "-0" else code


@dataclass(frozen=True, eq=False)
class Coding:
    """The meaning of the cells in the column of a question with options.

    Attributes:
        question: The question answered.
        meaning: From :func:`plain` cell in lower case to option index, ``REFUSED`` or ``MISSING``.
        blank: What an empty cell means, one of the same.
    """

    question: Question
    meaning: Mapping[str, int]
    blank: int = MISSING

    @classmethod
    def of(
        cls,
        question: Question,
        codes: Sequence[str] = (),
        refusals: Iterable[str] = (),
        missing: Iterable[str] = (),
    ) -> Coding:
        """The coding of a question by its option texts (in any case) and, where given, by a code per option.

        Args:
            question: The question answered.
            codes: One per option, or none.
            refusals: Cells that mean the respondent refused.
            missing: Cells that mean the question was not answered.

        Raises:
            SurveyError: One cell would have two meanings.
        """
        meaning: dict[str, int] = {}
        outcomes = [(cell, REFUSED) for cell in refusals] + [(cell, MISSING) for cell in missing]
        for cell, value in [*((code, i) for i, code in enumerate(codes)), *outcomes]:
            if meaning.setdefault(plain(cell).casefold(), value) != value:
                raise _ambiguous(question, cell)
        for i, option in enumerate(question.options):
            already = meaning.setdefault(plain(option.text).casefold(), i)
            if already != i and (already < 0 or not codes):
                raise _ambiguous(question, option.text)
        return cls(question, meaning)

    @property
    def codes(self) -> list[str]:
        """A cell for each option, as text: its code where it has one, else its text."""
        first = {option: cell for cell, option in reversed(list(self.meaning.items()))}
        texts = [option.text for option in self.question.options]
        return [text if plain(text).casefold() == first[at] else first[at] for at, text in enumerate(texts)]

    def encode(self, column: pd.Series) -> IntArray:
        """Option index, ``REFUSED`` or ``MISSING`` for every cell.

        Args:
            column: Text, numbers or categories.

        Returns:
            Shape of the column.

        Raises:
            SurveyError: A cell is none of the question's options.
        """
        codes, cells = pd.factorize(column)
        meant = [self._meant(cell) for cell in cells]
        if None in meant:
            at = meant.index(None)
            raise self._unknown(cells[at], int((codes == at).sum()))
        return np.array([*meant, self.blank], dtype=np.int64)[codes]

    def numbers(self, column: pd.Series) -> FloatArray:
        """NaN for every cell: a choice is not a number."""
        return np.full(len(column), np.nan)

    def _meant(self, cell: object) -> int | None:
        text = plain(cell)
        return self.meaning.get(text.casefold()) if text else self.blank

    def _unknown(self, cell: object, rows: int) -> SurveyError:
        texts = listed(option.text for option in self.question.options)
        parts = [mark for mark in ",;|" if self._meant(str(cell).partition(mark)[0]) not in (None, self.blank)]
        several = "" if not parts else "; if it lists several that were ticked, give `multiple` with this column"
        return SurveyError(
            f"question {shown(self.question.id)}: {rows} row(s) hold {shown(cell)}, which is none of its options "
            f"({texts}): correct the data, or add it to the options, the refusals or the missing codes{several}"
        )


@dataclass(frozen=True, eq=False)
class NumberCoding:
    """The meaning of the cells in the column of a question on a scale.

    Attributes:
        question: The question answered.
        scale: Its scale.
        outcomes: From :func:`plain` cell in lower case to ``REFUSED`` or ``MISSING``; every other cell is a number.
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
                f"question {shown(question.id)}: {shown(on_scale[0])} is a refusal or missing code and also a number "
                f"on the scale {scale}: give the question `refusals` and `missing` of its own"
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
        """The number in every cell, NaN where there is no answer; shape of the column."""
        return self._read(column)[1]

    def _read(self, column: pd.Series) -> tuple[IntArray, FloatArray]:
        codes, cells = pd.factorize(column)
        texts = [plain(cell).casefold() for cell in cells]
        outcomes = [self.outcomes.get(text, MISSING) for text in texts]
        numbers = [_number(text, self.scale) for text in texts]
        for at, (text, number) in enumerate(zip(texts, numbers, strict=True)):
            if text and number is None and text not in self.outcomes:
                raise SurveyError(
                    f"question {shown(self.question.id)}: {int((codes == at).sum())} row(s) hold "
                    f"{shown(cells[at])}, which is not a number from {self.scale}: correct the data, the scale, or "
                    "add it to the refusals or the missing codes"
                )
        found = np.array([*numbers, None], dtype=np.float64)
        return np.array([*outcomes, MISSING], dtype=np.int64)[codes], found[codes]


def answers_and_refusals(
    coded: npt.NDArray[np.signedinteger], numbers: FloatArray | None = None
) -> tuple[Answers, Pairs]:
    """The answers and refusals of a table coded by :meth:`Coding.encode`.

    Args:
        coded: Shape ``[respondents, questions]``.
        numbers: The numbers given, NaN where none was; shape ``[respondents, questions]``.

    Returns:
        Both in the order of the table, row by row.
    """
    rows, columns = np.nonzero(coded >= 0)
    value = np.empty(0) if numbers is None else numbers[rows, columns]
    return Answers(rows, columns, coded[rows, columns], value), Pairs(*np.nonzero(coded == REFUSED))


def _ambiguous(question: Question, cell: str) -> SurveyError:
    return SurveyError(
        f"question {shown(question.id)}: {shown(cell)} stands for two things: each option, refusal and missing code "
        "needs a cell of its own; if a refusal code is an answer here, give the question its own `refusals`"
    )


def _number(text: str, scale: Scale) -> float | None:
    """The number on the scale that a text stands for, if it does."""
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if scale.low <= number <= scale.high else None
