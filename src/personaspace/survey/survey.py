"""Survey, Question, Option: what people answered, validated once and never changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from personaspace.errors import SurveyError, unknown

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Option:
    """One possible answer.

    Attributes:
        text: The option as respondents read it.
        position: Ordinal position in [0, 1], or ``None`` where the option has no place on the scale.
    """

    text: str
    position: float | None = None

    def __post_init__(self) -> None:
        if self.position is not None and not 0.0 <= self.position <= 1.0:
            raise SurveyError(f"option {self.text!r}: position {self.position} is outside [0, 1]")


@dataclass(frozen=True)
class Question:
    """One question with its ordered options.

    Attributes:
        id: Unique id, a string.
        text: The question as respondents read it.
        options: Two or more options with distinct texts, refusals not among them.
        topic: What the question is about, where known.
    """

    id: str
    text: str
    options: tuple[Option, ...]
    topic: str | None = None

    def __post_init__(self) -> None:
        texts = [option.text for option in self.options]
        if len(texts) < 2:
            raise SurveyError(
                f"question {self.id!r} has {len(texts)} option(s): a question needs at least two; "
                "drop it or complete its options"
            )
        if twice := _repeated(texts):
            raise SurveyError(f"question {self.id!r} lists the option {twice[0]!r} twice")

    @cached_property
    def positions(self) -> FloatArray:
        """Ordinal positions, shape ``[options]``; NaN where an option has none."""
        return np.array([np.nan if o.position is None else o.position for o in self.options])

    @property
    def ordinal(self) -> bool:
        """Whether at least two options have different places on a scale."""
        return len(np.unique(self.positions[~np.isnan(self.positions)])) > 1


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
    def empty(cls) -> Pairs:
        """A table without rows."""
        return cls(*(np.empty(0, np.int64) for _ in cls.__dataclass_fields__))

    def where(self, mask: BoolArray | IntArray) -> Pairs:
        """Rows chosen by a mask or by indices, in the same class."""
        return replace(self, **{name: getattr(self, name)[mask] for name in self.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class Answers(Pairs):
    """Given answers: ``option`` counts within its question, from 0."""

    option: IntArray

    @classmethod
    def empty(cls) -> Answers:
        """A table without rows."""
        return cls(*(np.empty(0, np.int64) for _ in range(3)))

    def where(self, mask: BoolArray | IntArray) -> Answers:
        """Rows chosen by a mask or by indices."""
        return Answers(self.respondent[mask], self.question[mask], self.option[mask])


@dataclass(frozen=True, eq=False)
class Survey:
    """Respondents, questions and the answers between them: immutable and checked.

    Attributes:
        respondents: Ids, unique strings.
        questions: Questions with unique ids.
        answers: At most one answer per respondent and question.
        traits: One row per respondent (same order, indexed by id), one column per trait, text or missing.
        weights: Survey weights of mean 1, shape ``[respondents]``, or ``None``.
        refusals: Pairs in which the respondent refused; never also an answer.
        name: How the survey is called in tables and reports.
        simulated: True where nobody real answered; shown wherever the survey shows.

    Raises:
        SurveyError: Duplicate ids, indices out of range, two answers to one question, bad weights.

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
        return np.concatenate([[0], np.cumsum([len(q.options) for q in self.questions])]).astype(np.int64)

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
        respondents: Sequence[int] | IntArray | None = None,
        questions: Sequence[int] | IntArray | None = None,
    ) -> Survey:
        """The survey reduced to some respondents and questions, in the order given.

        Args:
            respondents: Row indices to keep, or ``None`` for all.
            questions: Question indices to keep, or ``None`` for all.

        Returns:
            A survey whose indices count anew from 0; weights keep their scale relative to each other.
        """
        rows = np.arange(len(self.respondents)) if respondents is None else np.asarray(respondents, np.int64)
        columns = np.arange(len(self.questions)) if questions is None else np.asarray(questions, np.int64)
        new_row = _renumber(rows, len(self.respondents))
        new_column = _renumber(columns, len(self.questions))
        answers, refusals = (_kept(pairs, new_row, new_column) for pairs in (self.answers, self.refusals))
        assert isinstance(answers, Answers)  # noqa: S101
        return replace(
            self,
            respondents=tuple(self.respondents[i] for i in rows),
            questions=tuple(self.questions[j] for j in columns),
            answers=answers,
            refusals=refusals,
            traits=self.traits.iloc[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def option_counts(self, weighted: bool = False) -> FloatArray:
        """How often each option was chosen, shape ``[options of all questions]``."""
        weights = self.weight[self.answers.respondent] if weighted else None
        return np.bincount(self.option_nodes, weights=weights, minlength=int(self.offsets[-1])).astype(float)

    def _check_ids(self) -> None:
        if twice := _repeated(self.respondents):
            raise SurveyError(
                f"{len(twice)} respondent id(s) occur more than once, first {twice[0]!r}: "
                "ids must be unique; merge or rename the rows"
            )
        if twice := _repeated(q.id for q in self.questions):
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
        return self.traits.set_axis(pd.Index(self.respondents, dtype=object), axis=0)

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
        if len(weights) and weights.sum() == 0:
            raise SurveyError("all weights are 0: leave the weights out or give at least one above 0")
        weights.flags.writeable = False
        return weights


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _check_range(what: str, indices: IntArray, size: int) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        bad = int(indices[(indices < 0) | (indices >= size)][0])
        raise SurveyError(f"{what}: {bad} is outside 0 to {size - 1}")


def _renumber(kept: IntArray, size: int) -> IntArray:
    new = np.full(size, -1, dtype=np.int64)
    new[kept] = np.arange(len(kept))
    return new


def _kept(pairs: Pairs, new_row: IntArray, new_column: IntArray) -> Pairs:
    rows, columns = new_row[pairs.respondent], new_column[pairs.question]
    mask = (rows >= 0) & (columns >= 0)
    return replace(pairs.where(mask), respondent=rows[mask], question=columns[mask])
