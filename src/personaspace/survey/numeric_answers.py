"""Answers that are numbers: check them against the scales of their questions, and place them on these scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from personaspace.errors import SurveyError, shown
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray, FloatArray
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.scale import nearest_point


def checked_numbers(questions: Sequence[Question], answers: Answers) -> Answers:
    """Check the numbers of answers, and give answers that name only a point of a scale that point's number.

    Args:
        questions: The questions of the survey.
        answers: Options within range.

    Returns:
        Answers whose ``value`` is finite where the question has a scale and NaN elsewhere.

    Raises:
        SurveyError: A choice has a number, a number lies outside its scale or nearer to another point.
    """
    if not answers.numeric and not any(question.scale for question in questions):
        return answers
    points = np.concatenate([_points(question) for question in questions])
    starts = offsets_of(questions)
    on_point = points[starts[answers.question] + answers.option]
    value = np.where(np.isnan(answers.value), on_point, answers.value)
    filled = Answers(answers.respondent, answers.question, answers.option, value)
    place = number_places(questions, filled)
    sizes = np.array([len(question.options) for question in questions], np.int64)[answers.question]
    nearest = nearest_point(np.clip(np.nan_to_num(place), 0, 1), sizes)
    _refuse(
        ~np.isnan(value) & np.isnan(place), questions, filled, "which is answered with a choice: leave the value out"
    )
    _refuse((place < 0) | (place > 1), questions, filled, "whose scale is {scale}: correct it")
    _refuse(
        ~np.isnan(place) & (nearest != answers.option),
        questions,
        filled,
        "although another point of its scale is nearer than the option chosen: take Scale.nearest",
    )
    return filled


def number_places(questions: Sequence[Question], answers: Answers) -> FloatArray:
    """Where on its question's scale each number lies.

    Args:
        questions: The questions of the survey.
        answers: Any.

    Returns:
        0 for the low end, 1 for the high end, NaN for a choice; shape ``[answers]``.

    Example:
        >>> police = Question.number("ftpolice", "How would you rate the police?", 0, 100)
        >>> number_places([police], Answers([0, 1], [0, 0], [15, 0], [74.0, 1.0])).tolist()
        [0.74, 0.01]
    """
    if not answers.numeric:
        return np.full(len(answers), np.nan)
    ends = np.array([(q.scale.low, q.scale.high) if q.scale else (np.nan, np.nan) for q in questions])
    low, high = ends[answers.question].T
    places: FloatArray = (answers.value - low) / (high - low)
    return places


def _points(question: Question) -> FloatArray:
    return np.full(len(question.options), np.nan) if question.scale is None else question.scale.numbers


def _refuse(bad: BoolArray, questions: Sequence[Question], answers: Answers, why: str) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        question = questions[answers.question[at]]
        raise SurveyError(
            f"answer {at} gives the number {answers.value[at]:g} to question {shown(question.id)}, "
            f"{why.format(scale=question.scale)} ({int(bad.sum())} such answer(s))"
        )
