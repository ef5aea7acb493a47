"""Survey: respondents, questions and the answers between them, checked once and never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from personaspace.errors import SettingError, unknown
from personaspace.survey import frames
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.checks import check_answers, check_ids, checked_trait_labels, checked_traits, checked_weights
from personaspace.survey.lookup import Chosen, chosen_positions, index_of, renumbering
from personaspace.survey.numeric_answers import checked_numbers
from personaspace.survey.question import Question, offsets_of


@dataclass(frozen=True, eq=False)
class Survey:
    """Respondents, questions and the answers between them: immutable and checked.

    Attributes:
        respondents: Ids, unique strings.
        questions: Questions with unique ids.
        answers: At most one answer per respondent and question; to a question on a scale, with the number given
            (the number of the point chosen, where only that was).
        traits: One row per respondent (same order, indexed by id), one column per trait, text or missing. A column
            given as a Categorical keeps its categories as the order of the trait's values, in tables and pictures too.
        weights: Survey weights of any scale, shape ``[respondents]``, or ``None``. Only their ratios count; readers of
            files divide them by their mean.
        refusals: Pairs in which the respondent refused; never also an answer.
        name: How the survey is called in tables and reports.
        simulated: True where the answers are simulated; tables, pictures and reports say so.
        trait_labels: What traits are called in tables and pictures, by name; the others are called by their name.

    Raises:
        SurveyError: Duplicate ids, indices out of range, two answers to one question, numbers off their scale,
            bad weights, or the label of a trait that is not there.

    Example:
        >>> from personaspace.survey.question import Option
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
    trait_labels: Mapping[str, str] = field(default_factory=dict)

    zero_weights_allowed: ClassVar[bool] = False  # so that all respondents of a block may weigh nothing

    def __post_init__(self) -> None:
        object.__setattr__(self, "respondents", tuple(str(r) for r in self.respondents))
        object.__setattr__(self, "questions", tuple(self.questions))
        check_ids(self.respondents, self.questions)
        check_answers(self.respondents, self.questions, self.answers, self.refusals)
        object.__setattr__(self, "answers", checked_numbers(self.questions, self.answers))
        object.__setattr__(self, "traits", checked_traits(self.traits, self.respondents))
        object.__setattr__(self, "trait_labels", checked_trait_labels(self.trait_labels, self.traits))
        if self.weights is not None:
            weights = checked_weights(self.weights, self.respondents, self.zero_weights_allowed)
            object.__setattr__(self, "weights", weights)

    def __repr__(self) -> str:
        kind = "SimulatedSurvey" if self.simulated else "Survey"
        return (
            f"{kind}({self.name!r}: {len(self.respondents)} respondents, {len(self.questions)} questions, "
            f"{len(self.answers)} answers, {len(self.refusals)} refusals)"
        )

    def __len__(self) -> int:
        """The number of respondents."""
        return len(self.respondents)

    def __getitem__(self, respondent: str) -> pd.Series:
        """One respondent's answers: from question id to the option's text, or to the number given.

        Raises:
            UnknownNameError: There is no respondent with this id.
            SettingError: The id is no string.
        """
        if not isinstance(respondent, str):
            raise SettingError(
                f"survey[{respondent!r}] asks for one respondent by id, which is a string: give one of "
                "survey.respondents; survey.select takes positions"
            )
        if respondent not in self.respondent_index:
            raise unknown("respondent", respondent, self.respondent_index)
        given = self.answers.where(self.answers.respondent == self.respondent_index[respondent])
        return frames.one_respondent(respondent, self.questions, given)

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
        return index_of(self.respondents)

    @cached_property
    def question_index(self) -> dict[str, int]:
        """Column of each question id."""
        return index_of(question.id for question in self.questions)

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

    def with_more_answers(self, answers: Answers) -> Survey:
        """The survey with these answers beside its own; refusals in the same cells are gone.

        Args:
            answers: Answers to cells that hold none, counted as in the survey.

        Raises:
            SurveyError: A cell would hold two answers, or an answer fits no question.
        """
        both = (np.concatenate([getattr(self.answers, name), getattr(answers, name)]) for name in vars(answers))
        width = len(self.questions)
        kept = ~np.isin(self.refusals.cells(width), answers.cells(width))
        return replace(self, answers=Answers(*both), refusals=self.refusals.where(kept))

    def select(self, respondents: Chosen | None = None, questions: Chosen | None = None) -> Survey:
        """The survey reduced to some respondents and questions, in the order given.

        Args:
            respondents: Which to keep: a list of ids (strings), positions (integers) or a mask (booleans, one for
                each); ``None`` for all.
            questions: Which to keep, in the same way.

        Returns:
            A survey whose indices count anew from 0; weights keep their scale relative to each other.

        Raises:
            UnknownNameError: There is no respondent or question with an id given.
            SurveyError: A mask has another length, or an id is given twice.
            SettingError: Neither ids nor positions nor a mask were given.

        Example:
            >>> from personaspace.survey.simulate import simulate
            >>> simulate(respondents=50).select(["r07", "r03"], questions=range(5))
            SimulatedSurvey('simulated survey': 2 respondents, 5 questions, 4 answers, 1 refusals)
        """
        rows = chosen_positions("respondent", respondents, self.respondent_index)
        columns = chosen_positions("question", questions, self.question_index)
        new_row, new_column = renumbering(rows, len(self.respondents)), renumbering(columns, len(self.questions))
        return replace(
            self,
            respondents=tuple(self.respondents[i] for i in rows),
            questions=tuple(self.questions[j] for j in columns),
            answers=self.answers.renumbered(new_row, new_column),
            refusals=self.refusals.renumbered(new_row, new_column),
            traits=self.traits.iloc[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def to_frame(self) -> pd.DataFrame:
        """Make a wide table of the answers; ``survey.to_frame().join(survey.traits)`` has the traits beside them.

        Returns:
            A row per respondent (index ``respondent``) and a column per question id. Options are texts in Categoricals,
            ordered by position where every option has one of its own; questions on a scale hold the numbers given.
            Cells without an answer, refusals among them, are missing.

        Example:
            >>> from personaspace.survey.simulate import simulate
            >>> simulate(respondents=50).to_frame().shape
            (50, 60)
        """
        return frames.wide_table(self.respondents, self.questions, self.answers)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        questions: Sequence[Question] | None = None,
        *,
        traits: Sequence[str] = (),
        weight: str | None = None,
        refusals: Collection[str] = (),
        name: str = "survey",
    ) -> Self:
        """Make a survey of a wide table, such as :meth:`to_frame` makes.

        Args:
            frame: A row per respondent, with the ids as index; a column per question. Cells hold option texts, or
                numbers for a question on a scale; missing where there is no answer.
            questions: The questions, each with a column named by its id; other columns are left out. ``None`` makes a
                question of every column that is no trait or weight: its options are the categories of a Categorical
                (on a scale where it is ordered) or the distinct texts.
            traits: Columns of traits; the categories of a Categorical are the order of its values.
            weight: The column of weights, if any.
            refusals: Cells that mean the respondent refused.
            name: How the survey is called.

        Returns:
            The survey, its answers by respondent, then question.

        Raises:
            SurveyError: A column is lacking, a cell is none of its question's options or no number on its scale, or a
                column says too little to make a question of it.

        Example:
            >>> drinks = pd.Categorical(["Tea", None], categories=["Tea", "Coffee"])
            >>> frame = pd.DataFrame({"drink": drinks, "age": ["old", "young"]}, index=["ann", "bob"])
            >>> Survey.from_frame(frame, traits=["age"])["ann"]["drink"]
            'Tea'
        """
        others = [*traits, *([] if weight is None else [weight])]
        frame = frames.checked_columns(frame, [*others, *(question.id for question in questions or ())])
        if questions is None:
            questions = [
                frames.question_of(column, frame[column], refusals)
                for column in frame.columns.astype(str)
                if column not in others
            ]
        answers, refused = frames.answers_in(frame, questions, refusals)
        numbers = None if weight is None else pd.to_numeric(frame[weight], errors="coerce")
        return cls(
            respondents=tuple(frame.index),
            questions=tuple(questions),
            answers=answers,
            traits=frame[list(traits)],
            weights=None if numbers is None else numbers.to_numpy(np.float64, na_value=np.nan),
            refusals=refused,
            name=name,
        )

    def describe(self) -> pd.DataFrame:
        """Summarize the questions and how they were answered, a row per question.

        Returns:
            Columns ``question`` (its id), ``text``, ``topic``, ``kind`` (nominal, ordinal or number), the numbers of
            ``options``, ``answers`` and ``refusals``, and the option that is the ``most_common`` answer (of a number,
            the nearest point of its scale) with its ``share``, both by weight and missing where nobody answered.

        Example:
            >>> from personaspace.survey.simulate import simulate
            >>> table = simulate(respondents=50).describe().set_index("question")
            >>> table.loc["work_1", ["kind", "topic", "most_common"]].tolist()
            ['ordinal', 'work', 'Strongly disagree']
        """
        return frames.question_table(self.questions, self.answers, self.refusals, self.weight)

    def equals(self, other: Survey) -> bool:
        """Whether both hold the same of everything, in the same order."""
        return (
            (self.respondents, self.questions, self.name, self.simulated, self.trait_labels)
            == (other.respondents, other.questions, other.name, other.simulated, other.trait_labels)
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
