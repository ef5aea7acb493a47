"""Prompts: survey questions as text with labelled options, in one or several phrasings, up to the answer cue."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from personaspace.errors import SettingError, unknown
from personaspace.survey.question import Question

CUE = "Answer:"
LABELS = string.ascii_uppercase
PAIRS = tuple("".join(pair) for pair in product(LABELS, repeat=2))
ALPHABETS = {"ABC": LABELS, "abc": string.ascii_lowercase, "123": "123456789"}
REFUSED = "Refused to answer"


def labels_for(options: int, labels: Sequence[str] = LABELS) -> Sequence[str]:
    """Labels of a question's options: letters, or AA, AB, AC where there are more options than letters.

    Args:
        options: How many options there are.
        labels: The alphabet to take labels from.

    Raises:
        SettingError: Fewer than two options, or more than there are labels.

    Example:
        >>> labels_for(3), labels_for(30)[-2:]
        ('ABC', ('BC', 'BD'))
    """
    known = PAIRS if labels == LABELS and options > len(LABELS) else labels
    if not 2 <= options <= len(known):
        raise SettingError(
            f"{options} option(s) given: a question takes 2 to {len(known)} with the labels {known[0]} to {known[-1]}"
        )
    return known[:options]


def question_text(text: str, options: Sequence[str], labels: Sequence[str] = LABELS) -> str:
    """Write a question with labelled options, up to the answer cue.

    Args:
        text: The question.
        options: Two or more option texts, labelled in this order.
        labels: The alphabet to take labels from.

    Returns:
        The text before :data:`CUE`.

    Raises:
        SettingError: Fewer than two options, or more than there are labels.

    Example:
        >>> print(question_text("Tea or coffee?", ["Tea", "Coffee"]) + CUE)
        Question: Tea or coffee?
        A. Tea
        B. Coffee
        Answer:
    """
    lines = [f"{label}. {option}" for label, option in zip(labels_for(len(options), labels), options, strict=True)]
    return "\n".join([f"Question: {text.strip()}", *lines, ""])


def open_question(prompt: str) -> str:
    r"""Write a question to be answered in words, up to the answer cue.

    Example:
        >>> open_question("What worries you most?") + CUE
        'Question: What worries you most?\nAnswer:'
    """
    return f"Question: {prompt.strip()}\n"


@dataclass(frozen=True)
class Phrasing:
    """Order and labels of a question's options.

    Attributes:
        order: The option at each place.
        labels: The alphabet of the labels.
    """

    order: tuple[int, ...]
    labels: str = LABELS

    def text(self, question: Question, refusals: bool = False) -> str:
        """The question as the base model reads it; a refusal, if it is an outcome, is the last option."""
        options = [question.options[option].text for option in self.order]
        return question_text(question.text, [*options, REFUSED] if refusals else options, self.labels)

    def places(self, refusals: bool = False) -> list[int]:
        """The place of each outcome: the options in the survey's order, then the refusal, if it is an outcome."""
        places = np.argsort(self.order).tolist()
        return [*places, len(places)] if refusals else places


def question_prompt(question: Question, refusals: bool = False) -> str:
    """A question of a survey as the base model reads it; ``refusals`` adds refusing as the last option."""
    return Phrasing(tuple(range(len(question.options)))).text(question, refusals)


def phrasings(question: Question, orders: int = 1, alphabets: Sequence[str] = ("ABC",)) -> list[Phrasing]:
    """Phrasings of a question: every order of its options with every label alphabet.

    Args:
        question: The question.
        orders: Number of orders, at most: the survey's, its reverse, and then rotations of both, which together put
            every option at every place equally often. A scale is only reversed, and options without a position on it,
            such as "Not sure", keep their place.
        alphabets: Names of label alphabets: ``ABC``, ``abc``, ``123``.

    Returns:
        The survey's own phrasing first.

    Raises:
        SettingError: No order or no alphabet.
        UnknownNameError: There is no such alphabet.

    Example:
        >>> tea = Question.number("tea", "How many cups?", 0, 2, points=3)
        >>> [phrasing.order for phrasing in phrasings(tea, orders=4)]
        [(0, 1, 2), (2, 1, 0)]
    """
    if orders < 1 or not alphabets:
        raise SettingError(f"{orders} order(s) in {len(alphabets)} alphabet(s): give at least one of each")
    for name in alphabets:
        if name not in ALPHABETS:
            raise unknown("alphabet", name, ALPHABETS)
    distinct = list(islice(dict.fromkeys(_orders(question)), orders))
    return [Phrasing(order, ALPHABETS[name]) for name in dict.fromkeys(alphabets) for order in distinct]


def _orders(question: Question) -> Iterator[tuple[int, ...]]:
    forward = tuple(range(len(question.options)))
    yield forward
    if question.ordinal:
        placed = [option for option in forward if question.options[option].position is not None]
        mirrored = dict(zip(placed, reversed(placed), strict=True))
        yield tuple(mirrored.get(option, option) for option in forward)
        return
    for start in forward:
        rotated = forward[start:] + forward[:start]
        yield rotated
        yield rotated[::-1]
