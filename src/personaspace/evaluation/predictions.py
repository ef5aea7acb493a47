"""Predictions: the probabilities that a method gave to the options, with the answers that were given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from personaspace.errors import SettingError
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.numeric_answers import number_places
from personaspace.survey.survey import Survey


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted probabilities and given answers, one row per answer; every method returns these.

    Attributes:
        probabilities: Shape ``[answers, options]``; rows sum to 1; 0 or NaN past a question's last option.
        option: The option that was chosen, shape ``[answers]``.
        respondent: The respondent, an index into ``weight``, shape ``[answers]``.
        question: The question, an index into ``positions``, shape ``[answers]``.
        positions: Ordinal positions, shape ``[questions, options]``; NaN where an option has no place on
            the scale or the question has no such option.
        weight: Survey weight of each respondent, shape ``[respondents]``; ones where it is not given. Metrics count
            respondents by it only where they are given it.
        value: For an answer that is a number, its exact place on the question's scale, 0 for the low end and 1 for the
            high; NaN for a choice. All NaN where it is not given; shape ``[answers]``.
        sizes: How many options each question has, shape ``[questions]``; as many as there are columns where it is not
            given.

    Raises:
        SettingError: No answers, shapes that do not fit, probabilities that are negative or do not sum to 1.

    Example:
        >>> predictions = Predictions([[0.7, 0.3], [0.4, 0.6]], [0, 0], [0, 1], [0, 0], [[0.0, 1.0]])
        >>> len(predictions), predictions.weight
        (2, array([1., 1.]))
    """

    probabilities: FloatArray
    option: IntArray
    respondent: IntArray
    question: IntArray
    positions: FloatArray
    weight: FloatArray = field(default_factory=lambda: np.empty(0))
    value: FloatArray = field(default_factory=lambda: np.empty(0))
    sizes: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        filled = np.nan_to_num(np.asarray(self.probabilities, dtype=np.float64), nan=0.0)
        object.__setattr__(self, "probabilities", filled)
        for name in ("option", "respondent", "question"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64))
        object.__setattr__(self, "positions", np.asarray(self.positions, dtype=np.float64))
        weight = np.asarray(self.weight, dtype=np.float64)
        if not weight.size and len(self):
            weight = np.ones(int(self.respondent.max()) + 1)
        object.__setattr__(self, "weight", weight)
        value = np.asarray(self.value, dtype=np.float64)
        object.__setattr__(self, "value", value if value.size else np.full(len(self), np.nan))
        sizes = np.asarray(self.sizes, dtype=np.int64)
        object.__setattr__(self, "sizes", sizes if sizes.size else np.full(*self.positions.shape))
        self._check()

    def __len__(self) -> int:
        return len(self.option)

    @classmethod
    def of(cls, survey: Survey, probabilities: FloatArray) -> Self:
        """Combine probabilities with a survey's answers.

        Args:
            survey: The answers that were to be predicted.
            probabilities: Shape ``[answers, most options of any question]``, in the survey's order.

        Returns:
            Predictions whose indices and weights are the survey's.
        """
        answers = survey.answers
        value = number_places(survey.questions, answers)
        positions, sizes = padded_positions(survey), np.diff(survey.offsets)
        return cls(
            probabilities,
            answers.option,
            answers.respondent,
            answers.question,
            positions,
            survey.weight,
            value,
            sizes,
        )

    def where(self, mask: BoolArray | IntArray) -> Self:
        """Some of the answers, at least one, by a mask or by indices."""
        columns = ("probabilities", "option", "respondent", "question", "value")
        return replace(self, **{name: getattr(self, name)[mask] for name in columns})

    @classmethod
    def from_table(cls, survey: Survey, table: FloatArray, row: IntArray) -> Self:
        """Pick every answer's probabilities from a table over all options.

        Args:
            survey: The answers that were to be predicted.
            table: Shape ``[rows, options of all questions]``, columns in the survey's running option count.
            row: The row of the table for each answer, shape ``[answers]``.

        Returns:
            Predictions whose indices and weights are the survey's.
        """
        columns = padded_columns(survey)[survey.answers.question]
        return cls.of(survey, np.where(columns >= 0, table[row[:, None], columns], 0.0))

    def _check(self) -> None:
        if not len(self):
            raise SettingError("there are no answers to evaluate: choose a larger evaluation set")
        n, width = len(self), self.positions.shape[-1]
        columns = (self.respondent, self.question, self.value)
        if self.probabilities.shape != (n, width) or {len(column) for column in columns} != {n}:
            raise SettingError(
                f"probabilities have shape {self.probabilities.shape} for {n} answers "
                f"with up to {width} options: expected ({n}, {width})"
            )
        for name, size in (("option", width), ("respondent", len(self.weight)), ("question", len(self.positions))):
            indices = getattr(self, name)
            if indices.min() < 0 or indices.max() >= size:
                raise SettingError(
                    f"{name} indices run from {indices.min()} to {indices.max()}, allowed: 0 to {size - 1}"
                )
        sums = self.probabilities.sum(axis=1)
        bad = (np.abs(sums - 1) > 1e-3) | (self.probabilities < 0).any(axis=1)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            raise SettingError(
                f"the probabilities of answer {at} are {self.probabilities[at].round(4).tolist()}: "
                "they must be at least 0 and sum to 1"
            )


def padded_columns(survey: Survey) -> IntArray:
    """Running option index of every question's options, shape ``[questions, most options]``; -1 past the last.

    Example:
        >>> from personaspace import Answers, Option, Question, Survey
        >>> two = Question("a", "?", (Option("no"), Option("yes")))
        >>> three = Question("b", "?", (Option("no"), Option("perhaps"), Option("yes")))
        >>> padded_columns(Survey((), (two, three), Answers.empty()))
        array([[ 0,  1, -1],
               [ 2,  3,  4]])
    """
    sizes = np.diff(survey.offsets)
    place = np.arange(sizes.max(initial=0))
    return np.where(place < sizes[:, None], survey.offsets[:-1, None] + place, -1)


def padded_positions(survey: Survey) -> FloatArray:
    """Ordinal positions of every question's options, shape ``[questions, most options]``; NaN where none."""
    columns = padded_columns(survey)
    positions = np.full(columns.shape, np.nan)
    positions[columns >= 0] = np.concatenate([np.empty(0), *(q.positions for q in survey.questions)])
    return positions
