"""Multiple-choice questions: how they are written and how their options are placed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

ANSWER_CUE = "Answer:"
MARKS = (" wrong", " right")


@dataclass(frozen=True)
class Question:
    """A multiple-choice question with one right option.

    Attributes:
        text: What is asked, on one line.
        options: The options in the order shown.
        answer: Index of the right option.
    """

    text: str
    options: tuple[str, ...]
    answer: int

    @property
    def label(self) -> str:
        """Letter of the right option."""
        return ascii_uppercase[self.answer]


def question_prompt(question: Question) -> str:
    """Write a question and its options, ending where the answer label follows."""
    lines = [f"Question: {question.text}"]
    lines += [f"{label}. {option}" for label, option in zip(ascii_uppercase, question.options, strict=False)]
    return "\n".join([*lines, ANSWER_CUE])


def answered_question(question: Question) -> str:
    """Write a question, its options and the right label."""
    return f"{question_prompt(question)} {question.label}"


def marked_question(question: Question) -> str:
    """Write an answered question whose every option is marked right or wrong.

    Marks show where an answer comes from: a model that has learnt to predict them compares each option with the
    question before the label is asked for, also where no mark is written.
    """
    lines = answered_question(question).split("\n")
    for index in range(len(question.options)):
        lines[index + 1] += f" -{MARKS[index == question.answer]}"
    return "\n".join(lines)


def shuffled_question(rng: random.Random, text: str, right: str, wrong: Sequence[str]) -> Question:
    """Place the right option uniformly at random among the wrong ones.

    Args:
        rng: Source of the order.
        text: What is asked.
        right: The right option.
        wrong: The wrong options, different from one another and from the right one.

    Returns:
        The question.
    """
    options = [*wrong]
    rng.shuffle(options)
    answer = rng.randrange(len(options) + 1)
    options.insert(answer, right)
    return Question(text, tuple(options), answer)


def scale_question(rng: random.Random, text: str, scale: Sequence[str], answer: int) -> Question:
    """Ask with an ordered scale, shown forwards or backwards.

    Args:
        rng: Source of the direction.
        text: What is asked.
        scale: The options in their natural order.
        answer: Index of the right option in that order.

    Returns:
        The question.
    """
    if rng.random() < 0.5:
        return Question(text, tuple(scale), answer)
    return Question(text, tuple(reversed(scale)), len(scale) - 1 - answer)
