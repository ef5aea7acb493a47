"""Pairs and Answers: respondent, question and the option chosen, as columns of indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from personaspace.errors import SurveyError
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Respondent and question indices, one entry a pair; each of shape ``[pairs]``."""

    respondent: IntArray
    question: IntArray

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            column = self._column(name)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if len({len(getattr(self, name)) for name in self.__dataclass_fields__}) != 1:
            raise SurveyError("the columns of a table of answers must have equal length")

    def __len__(self) -> int:
        return len(self.respondent)

    @classmethod
    def empty(cls) -> Self:
        """A table without rows."""
        return cls(*(np.empty(0, np.int64) for _ in cls.__dataclass_fields__))

    def where(self, mask: BoolArray | IntArray) -> Self:
        """Rows chosen by a mask or by indices, in the same class."""
        return replace(self, **{name: getattr(self, name)[mask] for name in self.__dataclass_fields__})

    def cells(self, questions: int) -> IntArray:
        """A number for the cell of each pair in a table with so many questions, row by row; shape ``[pairs]``."""
        return self.respondent * questions + self.question

    def by_question(self) -> Iterator[tuple[int, Self]]:
        """The index of every question that has pairs, ascending, with its pairs."""
        for question in np.unique(self.question).tolist():
            yield question, self.where(self.question == question)

    def renumbered(self, rows: IntArray, columns: IntArray) -> Self:
        """The pairs whose respondent and question are kept, under their new indices.

        Args:
            rows: The new index of every respondent, -1 for one left out; shape ``[respondents]``.
            columns: The new index of every question, -1 for one left out; shape ``[questions]``.
        """
        row, column = rows[self.respondent], columns[self.question]
        kept = (row >= 0) & (column >= 0)
        return replace(self.where(kept), respondent=row[kept], question=column[kept])

    def equals(self, other: Pairs) -> bool:
        """Whether both are of one class and hold the same rows in the same order."""
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True)
            for name in self.__dataclass_fields__
        )

    def _column(self, name: str) -> npt.NDArray[Any]:
        return np.array(getattr(self, name), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Answers(Pairs):
    """Given answers, one entry an answer; each column of shape ``[answers]``.

    Attributes:
        option: The option chosen, counted within its question from 0; for a number, the nearest point of its scale.
        value: The exact number given, NaN where the answer is a choice; all NaN where left out.
    """

    option: IntArray
    value: FloatArray = field(default_factory=lambda: np.empty(0))

    @property
    def numeric(self) -> bool:
        """Whether any answer is a number."""
        return self.value.strides != (0,)

    def where(self, mask: BoolArray | IntArray) -> Self:
        """Rows chosen by a mask or by indices, in the same class."""
        if self.numeric:
            return super().where(mask)
        return type(self)(self.respondent[mask], self.question[mask], self.option[mask])

    def ascending(self) -> Self:
        """The answers by respondent, then question, so that no sum depends on the order they came in."""
        cells = self.cells(int(self.question.max(initial=0)) + 1)
        return self if (np.diff(cells) >= 0).all() else self.where(np.argsort(cells, kind="stable"))

    def _column(self, name: str) -> npt.NDArray[Any]:
        if name != "value":
            return super()._column(name)
        value = np.array(self.value, dtype=np.float64)
        if not len(value) or np.isnan(value).all():
            return np.broadcast_to(np.nan, len(self.option)).view()  # takes no memory
        return value
