"""Traits as questions: what a respondent is, in the form of an answer that is always known and never predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

MOST = 20  # values of a trait that are options of their own
PREFIX = "trait: "  # before the trait's name in the question's id, so that it is no id of the survey's


@dataclass(frozen=True)
class TraitQuestion(Question):
    """A trait as a question: it helps to place respondents, and no result is about it."""

    @property
    def trait(self) -> str:
        """The trait's name."""
        return self.id.removeprefix(PREFIX)


def trait_questions(survey: Survey) -> tuple[TraitQuestion, ...]:
    """A question for every trait in which the survey's respondents differ.

    Its options are the trait's values. Where there are more than 20, numbers become a scale of 21 points from the least
    to the greatest, and of other values the 20 most common become options.

    Args:
        survey: Whose traits.

    Returns:
        At least one question.

    Raises:
        SurveyError: No trait has two values.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> [question.id for question in trait_questions(simulate(respondents=50))][:3]
        ['trait: age', 'trait: sex', 'trait: education']
    """
    columns = {str(name): column.dropna() for name, column in survey.traits.items()}
    questions = tuple(
        _question(name, survey.trait_labels.get(name, name), column)
        for name, column in columns.items()
        if column.nunique() > 1
    )
    if not questions:
        raise SurveyError(
            f"{survey!r} has no trait with two values to place respondents by: name its traits in a codebook, or leave "
            "traits_as_questions out"
        )
    return questions


def with_traits(survey: Survey, questions: Sequence[TraitQuestion]) -> Survey:
    """The survey with traits asked as questions, after its own.

    Args:
        survey: Any.
        questions: As :func:`trait_questions` made them, of this survey or another. Those that the survey has already,
            or whose trait it does not have, are left out.

    Returns:
        A survey with more questions. Who has no value of a trait, or one that is no option, has not answered; a number
        beyond the ends of a scale counts as the end.
    """
    new = [q for q in questions if q.id not in survey.question_index and q.trait in survey.traits.columns]
    parts = [_answers(column, survey.traits[q.trait], q) for column, q in enumerate(new, start=len(survey.questions))]
    if not parts:
        return survey
    both = (np.concatenate([getattr(part, name) for part in (survey.answers, *parts)]) for name in vars(survey.answers))
    return replace(survey, questions=(*survey.questions, *new), answers=Answers(*both))


def about_traits(questions: Sequence[Question]) -> BoolArray:
    """Which questions are traits asked as questions, shape ``[questions]``."""
    return np.array([isinstance(question, TraitQuestion) for question in questions], np.bool_)


def _question(name: str, label: str, values: pd.Series) -> TraitQuestion:
    numbers = pd.to_numeric(values.astype("str"), errors="coerce")
    if values.nunique() > MOST and np.isfinite(numbers).all():
        return TraitQuestion.number(PREFIX + name, label, float(numbers.min()), float(numbers.max()))
    counts = values.value_counts(sort=False)
    kept = counts[counts > 0].nlargest(MOST).index
    if isinstance(values.dtype, pd.CategoricalDtype):
        ordered = [text for text in values.cat.categories if text in kept]
        places = np.linspace(0, 1, len(ordered)).tolist()
        return TraitQuestion(PREFIX + name, label, tuple(map(Option, ordered, places)))
    return TraitQuestion(PREFIX + name, label, tuple(map(Option, sorted(kept))))


def _answers(column: int, values: pd.Series, question: TraitQuestion) -> Answers:
    """The answers of everybody whose value is an option or on the scale."""
    if question.scale is None:
        option = pd.Index([option.text for option in question.options]).get_indexer(pd.Index(values.astype("str")))
        rows = np.flatnonzero((option >= 0) & values.notna().to_numpy())
        return Answers(rows, np.full(len(rows), column), option[rows])
    numbers = pd.to_numeric(values.astype("str"), errors="coerce").to_numpy(np.float64)
    rows = np.flatnonzero(np.isfinite(numbers))
    numbers = numbers[rows].clip(question.scale.low, question.scale.high)
    return Answers(rows, np.full(len(rows), column), question.scale.nearest(numbers), numbers)
