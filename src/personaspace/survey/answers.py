"""Pairs and Answers: which respondent said what to which question, as columns of indices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from personaspace.errors import SurveyError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Respondent and question indices, one entry a pair; each of shape ``[pairs]``."""

    respondent: IntArray
    question: IntArray

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            column = np.array(getattr(self, name), dtype=np.int64)
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

    def equals(self, other: Pairs) -> bool:
        """Whether both are of one class and hold the same rows in the same order."""
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__
        )


@dataclass(frozen=True, eq=False)
class Answers(Pairs):
    """Given answers: ``option`` counts within its question, from 0."""

    option: IntArray
