"""Survey: respondents, questions and the answers between them, validated once and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, unknown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.numeric_answers import checked_numbers
from personaspace.survey.question import Question, offsets_of, repeated

P = TypeVar("P", bound=Pairs)


@dataclass(frozen=True, eq=False)
class Survey:
    """Respondents, questions and the answers between them: immutable and checked.

    Attributes:
        respondents: Ids, unique strings.
        questions: Questions with unique ids.
        answers: At most one answer per respondent and question; to a question on a scale, with the number given
            (the number of the point chosen, where only that was).
        traits: One row per respondent (same order, indexed by id), one column per trait, text or missing.
        weights: Survey weights of any scale, shape ``[respondents]``, or ``None``. Only their ratios count; readers of
            files divide them by their mean.
        refusals: Pairs in which the respondent refused; never also an answer.
        name: How the survey is called in tables and reports.
        simulated: True where nobody real answered; shown wherever the survey shows.

    Raises:
        SurveyError: Duplicate ids, indices out of range, two answers to one question, numbers off their scale,
            bad weights.

    Example:
        >>> question = Question("q1", "Tea or coffee?", (Option("Tea"), Option("Coffee")))
        >>> survey = Survey(("ann", "bob"), (question,), Answers([0, 1], [0, 0], [1, 0]))
        >>> survey
        Survey('survey': 2 respondents, 1 questions, 2 answers, 0 refusals)
    """

    respondents: tuple[str, ...]
    questions: tuple[Question, ...]
    answers: Answers
    traits: pd.DataFrame = field(default_factory=pd.DataFrame)
    weights: FloatArray | None = None
    refusals: Pairs = field(default_factory=Pairs.empty)
    name: str = "survey"
    simulated: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "respondents", tuple(str(r) for r in self.respondents))
        object.__setattr__(self, "questions", tuple(self.questions))
        self._check_ids()
        self._check_answers()
        object.__setattr__(self, "answers", checked_numbers(self.questions, self.answers))
        object.__setattr__(self, "traits", self._checked_traits())
        if self.weights is not None:
            object.__setattr__(self, "weights", self._checked_weights(self.weights))

    def __repr__(self) -> str:
        kind = "SimulatedSurvey" if self.simulated else "Survey"
        return (
            f"{kind}({self.name!r}: {len(self.respondents)} respondents, {len(self.questions)} questions, "
            f"{len(self.answers)} answers, {len(self.refusals)} refusals)"
        )

    @cached_property
    def offsets(self) -> IntArray:
        """Start of each question's options in one running count, shape ``[questions + 1]``."""
        return offsets_of(self.questions)

    @cached_property
    def option_nodes(self) -> IntArray:
        """The running option index of every answer, shape ``[answers]``."""
        return self.offsets[self.answers.question] + self.answers.option

    @cached_property
    def respondent_index(self) -> dict[str, int]:
        """Row of each respondent id."""
        return {r: i for i, r in enumerate(self.respondents)}

    @cached_property
    def question_index(self) -> dict[str, int]:
        """Column of each question id."""
        return {q.id: j for j, q in enumerate(self.questions)}

    @cached_property
    def weight(self) -> FloatArray:
        """Weights, ones where the survey has none; shape ``[respondents]``."""
        return np.ones(len(self.respondents)) if self.weights is None else self.weights

    @cached_property
    def relative_weight(self) -> FloatArray:
        """Weights divided by their mean, so that no count depends on their scale; shape ``[respondents]``."""
        return np.asarray(self.weight / self.weight.mean())

    def question(self, question_id: str) -> Question:
        """The question with this id; :class:`UnknownNameError` names near matches."""
        if question_id not in self.question_index:
            raise unknown("question", question_id, self.question_index)
        return self.questions[self.question_index[question_id]]

    def with_answers(self, mask: BoolArray | IntArray) -> Survey:
        """The same respondents and questions with some of the answers and all refusals."""
        return replace(self, answers=self.answers.where(mask))

    def select(
        self,
        respondents: Sequence[int] | IntArray | BoolArray | None = None,
        questions: Sequence[int] | IntArray | BoolArray | None = None,
    ) -> Survey:
        """The survey reduced to some respondents and questions, in the order given.

        Args:
            respondents: Row indices or a mask of what to keep, or ``None`` for all.
            questions: Question indices or a mask of what to keep, or ``None`` for all.

        Returns:
            A survey whose indices count anew from 0; weights keep their scale relative to each other.
        """
        rows = _indices("respondents", respondents, len(self.respondents))
        columns = _indices("questions", questions, len(self.questions))
        new_row = _renumber(rows, len(self.respondents))
        new_column = _renumber(columns, len(self.questions))
        return replace(
            self,
            respondents=tuple(self.respondents[i] for i in rows),
            questions=tuple(self.questions[j] for j in columns),
            answers=_kept(self.answers, new_row, new_column),
            refusals=_kept(self.refusals, new_row, new_column),
            traits=self.traits.iloc[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def equals(self, other: Survey) -> bool:
        """Whether both hold the same of everything, in the same order."""
        return (
            (self.respondents, self.questions, self.name, self.simulated)
            == (other.respondents, other.questions, other.name, other.simulated)
            and self.answers.equals(other.answers)
            and self.refusals.equals(other.refusals)
            and self.traits.equals(other.traits)
            and (self.weights is None) == (other.weights is None)
            and np.array_equal(self.weight, other.weight)
        )

    def option_counts(self, weighted: bool = False) -> FloatArray:
        """How often each option was chosen, shape ``[options of all questions]``."""
        weights = self.weight[self.answers.respondent] if weighted else None
        return np.bincount(self.option_nodes, weights=weights, minlength=int(self.offsets[-1])).astype(float)

    def _check_ids(self) -> None:
        if twice := repeated(self.respondents):
            raise SurveyError(
                f"{len(twice)} respondent id(s) occur more than once, first {twice[0]!r}: "
                "ids must be unique; merge or rename the rows"
            )
        if twice := repeated(q.id for q in self.questions):
            raise SurveyError(f"question id {twice[0]!r} occurs more than once: ids must be unique")

    def _check_answers(self) -> None:
        for what, pairs in (("answers", self.answers), ("refusals", self.refusals)):
            _check_range(f"respondent index in {what}", pairs.respondent, len(self.respondents))
            _check_range(f"question index in {what}", pairs.question, len(self.questions))
        sizes = np.diff(self.offsets)
        bad = (self.answers.option < 0) | (self.answers.option >= sizes[self.answers.question])
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            question = self.questions[self.answers.question[at]]
            raise SurveyError(
                f"answer {at} chooses option {self.answers.option[at]} of question {question.id!r}, "
                f"which has options 0 to {len(question.options) - 1}"
            )
        cells = np.concatenate([self._cells(self.answers), self._cells(self.refusals)])
        if (np.diff(cells) > 0).all():
            return
        values, counts = np.unique(cells, return_counts=True)
        if (counts > 1).any():
            row, column = divmod(int(values[counts > 1][0]), len(self.questions))
            raise SurveyError(
                f"respondent {self.respondents[row]!r} has more than one answer or refusal to question "
                f"{self.questions[column].id!r}: keep one"
            )

    def _cells(self, pairs: Pairs) -> IntArray:
        return pairs.respondent * len(self.questions) + pairs.question

    def _checked_traits(self) -> pd.DataFrame:
        if self.traits.empty and not len(self.traits.columns):
            return pd.DataFrame(index=pd.Index(self.respondents, dtype=object))
        if len(self.traits) != len(self.respondents):
            raise SurveyError(
                f"traits have {len(self.traits)} rows for {len(self.respondents)} respondents: "
                "give one row per respondent, in the same order"
            )
        index = pd.Index(self.respondents, dtype=object)
        return self.traits.astype("str").set_axis(index, axis=0).rename(columns=str)

    def _checked_weights(self, weights: FloatArray) -> FloatArray:
        weights = np.array(weights, dtype=np.float64)
        if weights.shape != (len(self.respondents),):
            raise SurveyError(f"weights have shape {weights.shape}, expected ({len(self.respondents)},)")
        bad = ~np.isfinite(weights) | (weights < 0)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            raise SurveyError(
                f"respondent {self.respondents[at]!r} has weight {weights[at]}: weights are finite and >= 0"
            )
        self._check_somebody_counts(weights)
        weights.flags.writeable = False
        return weights

    def _check_somebody_counts(self, weights: FloatArray) -> None:
        if len(weights) and weights.sum() == 0:
            raise SurveyError("all weights are 0: leave the weights out or give at least one above 0")


def _check_range(what: str, indices: IntArray, size: int) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        bad = int(indices[(indices < 0) | (indices >= size)][0])
        raise SurveyError(f"{what}: {bad} is outside 0 to {size - 1}")


def _renumber(kept: IntArray, size: int) -> IntArray:
    new = np.full(size, -1, dtype=np.int64)
    new[kept] = np.arange(len(kept))
    return new


def _indices(what: str, chosen: Sequence[int] | IntArray | BoolArray | None, size: int) -> IntArray:
    if chosen is None:
        return np.arange(size)
    given = np.asarray(chosen)
    if given.dtype != np.bool_:
        return given.astype(np.int64)
    if given.shape != (size,):
        raise SurveyError(f"the mask of {what} has shape {given.shape}, expected ({size},)")
    return np.flatnonzero(given)


def _kept(pairs: P, new_row: IntArray, new_column: IntArray) -> P:
    rows, columns = new_row[pairs.respondent], new_column[pairs.question]
    mask = (rows >= 0) & (columns >= 0)
    return replace(pairs.where(mask), respondent=rows[mask], question=columns[mask])


def completed(survey: Survey, drawn: Answers) -> Survey:
    """The survey with these answers beside its own; a refusal in one of their cells is gone.

    Args:
        survey: Any.
        drawn: Answers to cells that hold none, counted as in the survey.

    Raises:
        SurveyError: A cell would hold two answers.
    """
    width = len(survey.questions)
    cells = drawn.respondent * width + drawn.question
    refused = survey.refusals.respondent * width + survey.refusals.question
    columns = (np.concatenate([getattr(survey.answers, name), getattr(drawn, name)]) for name in vars(drawn))
    return replace(survey, answers=Answers(*columns), refusals=survey.refusals.where(~np.isin(refused, cells)))
