"""Phrasings of one question: the orders its options can be read in, and the labels they can bear."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from personaspace.errors import SettingError, unknown
from personaspace.steer.prompt import LABELS, question_text
from personaspace.survey.question import Question

REFUSED = "Refused to answer"
ALPHABETS = {"ABC": LABELS, "abc": string.ascii_lowercase, "123": "123456789"}


@dataclass(frozen=True)
class Phrasing:
    """One way to put a question.

    Attributes:
        order: Which option stands at each place.
        labels: What the places are labelled with.
    """

    order: tuple[int, ...]
    labels: str = LABELS

    def text(self, question: Question, refusals: bool = False) -> str:
        """The question as the base model reads it; a refusal, if it is an outcome, is the last option."""
        options = [question.options[option].text for option in self.order]
        return question_text(question.text, [*options, REFUSED] if refusals else options, self.labels)

    def places(self, refusals: bool = False) -> list[int]:
        """At which place each outcome stands: the options of the survey in turn, then the refusal."""
        places = np.argsort(self.order).tolist()
        return [*places, len(places)] if refusals else places


def phrasings(question: Question, orders: int = 1, alphabets: Sequence[str] = ("ABC",)) -> list[Phrasing]:
    """Every order with every alphabet.

    Args:
        question: What is asked.
        orders: How many orders at the most: the survey's, its reverse, and then rotations of both, which put every
            option at every place equally often once all are used. A scale is only turned round, and options without
            a place on it, such as "Not sure", stay where they are.
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
        raise SettingError(f"{orders} order(s) in {len(alphabets)} alphabet(s): a question is put at least one way")
    for name in alphabets:
        if name not in ALPHABETS:
            raise unknown("alphabet", name, ALPHABETS)
    ways = list(islice(dict.fromkeys(_orders(question)), orders))
    return [Phrasing(order, ALPHABETS[name]) for name in dict.fromkeys(alphabets) for order in ways]


def _orders(question: Question) -> Iterator[tuple[int, ...]]:
    forward = tuple(range(len(question.options)))
    yield forward
    if question.ordinal:
        placed = [option for option in forward if question.options[option].position is not None]
        turned = dict(zip(placed, reversed(placed), strict=True))
        yield tuple(turned.get(option, option) for option in forward)
        return
    for start in forward:
        rotated = forward[start:] + forward[:start]
        yield rotated
        yield rotated[::-1]
