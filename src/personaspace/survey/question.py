"""Question and Option: the text of a question, and the options or the scale it is answered with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from personaspace.checks import check_text
from personaspace.errors import SettingError, SurveyError, shown
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.scale import Scale


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
            raise SurveyError(f"option {shown(self.text)}: position {self.position} is outside [0, 1]")


@dataclass(frozen=True)
class Question:
    """One question with its ordered options.

    Attributes:
        id: Unique id, a string.
        text: The question as respondents read it.
        options: Two or more options with distinct texts, refusals not among them.
        topic: What the question is about, where known.
        scale: For a question answered with a number, the scale whose points the options are; :meth:`number` makes
            such a question. ``None`` where the answer is a choice.
        stem: For a checkbox of a "tick all that apply", what was asked of all its boxes: ``text`` is the stem and
            then what the box stands for, and the options are "not selected" and "selected", in this order. ``None``
            where the question stands alone.

    Raises:
        SurveyError: Fewer than two options, one of them twice, other options than the scale's points, or a checkbox
            with other than two options or a text that does not begin with the stem.
    """

    id: str
    text: str
    options: tuple[Option, ...]
    topic: str | None = None
    scale: Scale | None = None
    stem: str | None = None

    def __post_init__(self) -> None:
        texts = [option.text for option in self.options]
        for text in (self.id, self.text, self.topic or "", self.stem or "", *texts):
            check_characters(f"question {shown(self.id)}", text)
        if len(texts) < 2:
            raise SurveyError(
                f"question {shown(self.id)} has {len(texts)} option(s): a question needs at least two; "
                "drop it or complete its options"
            )
        if twice := repeated(texts):
            raise SurveyError(f"question {shown(self.id)} lists the option {shown(twice[0])} twice")
        if self.scale is not None and self.options != _points(self.scale):
            raise SurveyError(
                f"question {shown(self.id)} has a scale from {self.scale} and other options than its points: "
                "make it with Question.number"
            )
        if self.stem is not None and (len(texts) != 2 or not self.item):
            raise SurveyError(
                f"question {shown(self.id)} has the stem {shown(self.stem)}: give a checkbox two options, not selected "
                f"and selected, and a text that begins with the stem and goes on; not {shown(self.text)}"
            )

    @classmethod
    def number(
        cls,
        id: str,  # noqa: A002  (as the attribute is called)
        text: str,
        low: float,
        high: float,
        points: int = 21,
        topic: str | None = None,
    ) -> Self:
        """A question answered with a number; its options are the points of an even grid.

        Args:
            id: Unique id.
            text: The question as respondents read it.
            low: The least number that can be given.
            high: The greatest.
            points: How many points stand for the scale.
            topic: What the question is about, where known.

        Returns:
            The question, with its :class:`Scale`.

        Raises:
            SurveyError: The scale is not one.

        Example:
            >>> police = Question.number("ftpolice", "How would you rate the police?", 0, 100)
            >>> len(police.options), police.options[1]
            (21, Option(text='5', position=0.05))
        """
        scale = Scale(low, high, points)
        return cls(id, text, _points(scale), topic, scale)

    def to_json(self) -> dict[str, Any]:
        """The question as plain values, ``scale`` and ``stem`` only where it has them; ``read_checked`` reads them."""
        content = asdict(self)
        return {name: value for name, value in content.items() if name not in ("scale", "stem") or value is not None}

    @cached_property
    def item(self) -> str:
        """What a checkbox stands for: its text without the stem; empty where the question is no checkbox.

        Example:
            >>> boxes = (Option("Not selected"), Option("Selected"))
            >>> Question("media_1", "Which do you use? Television", boxes, stem="Which do you use?").item
            'Television'
        """
        text, stem = (" ".join(part.split()) for part in (self.text, self.stem or ""))
        return text[len(stem) :].lstrip(" -\u2013\u2014:") if stem and text.startswith(stem) else ""

    @cached_property
    def positions(self) -> FloatArray:
        """Ordinal positions, shape ``[options]``; NaN where an option has none."""
        return np.array([np.nan if o.position is None else o.position for o in self.options])

    @property
    def ordinal(self) -> bool:
        """Whether at least two options have different places on a scale."""
        return len(np.unique(self.positions[~np.isnan(self.positions)])) > 1


def new_question(text: str, options: Sequence[str]) -> Question:
    """Build a question from its text and the texts of its options.

    Raises:
        SettingError: The text or an option is empty.
        SurveyError: Fewer than two options, or one of them twice.
    """
    if isinstance(options, str) or not all(isinstance(option, str) for option in options):
        raise SettingError(f"options is {shown(options)}: give a list of strings")
    empty = [str(place) for place, option in enumerate(options, start=1) if not option.strip()]
    if not check_text("question", text).strip() or empty:
        what = f"option {', '.join(empty)} of the question" if empty else "the question"
        raise SettingError(f"{what} is empty: write it out")
    return Question("asked", text, tuple(Option(option) for option in options))


def without_id(text: str, name: str) -> str:
    """A question's text without its own id before it, such as files of survey institutes have it.

    Args:
        text: As the file has it.
        name: The question's id, or the name of its variable. Before a colon or a dash it is cut only if it is no plain
            word; before a full stop its beginning, or a part of it in capitals, is cut too.

    Returns:
        The text, or what follows the id.

    Example:
        >>> without_id("BLM_W68. From what you have read, do you support it?", "BLM_W68")
        'From what you have read, do you support it?'
        >>> without_id("SATISF. All in all, are you satisfied?", "SATISF_W26")
        'All in all, are you satisfied?'
        >>> without_id("Trump: how do you rate him?", "trump")
        'Trump: how do you rate him?'
    """
    after = r"\." if name.isalpha() else r"[.:\u2013\u2014-]"
    found = re.match(rf"\s*{re.escape(name)}\s*{after}\s+(?=\S)", text, re.IGNORECASE)
    part = re.match(r"\s*([^\W_]\w+)\.\s*(?=\w)", text)
    if found is None and part is not None and part[1].casefold() in name.casefold():
        begins = name.casefold().startswith(f"{part[1].casefold()}_")
        found = part if begins or part[1].isupper() or re.search(r"\d", part[1]) else None
    return text[found.end() :] if found else text


def check_characters(what: str, text: str) -> None:
    """Raise :class:`SurveyError` where a text holds half a surrogate pair, which no file could hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SurveyError(
            f"{what} holds {text[error.start : error.end]!r}, half of a character, in {shown(text)}: correct the text"
        ) from error


def _points(scale: Scale) -> tuple[Option, ...]:
    places = scale.place(scale.numbers).tolist()
    return tuple(Option(label, place) for label, place in zip(scale.labels, places, strict=True))


def offsets_of(questions: Sequence[Question]) -> IntArray:
    """Start of each question's options in one running count, shape ``[questions + 1]``."""
    return np.cumsum([0, *(len(question.options) for question in questions)], dtype=np.int64)


def option_type(questions: Sequence[Question]) -> type[np.signedinteger]:
    """The smallest type, 16 bits or more, for the index of an option within its question."""
    most = max((len(question.options) for question in questions), default=0)
    return np.int16 if most <= np.iinfo(np.int16).max else np.int32


def scaled_positions(values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Places on any scale as positions from 0 (the lowest) to 1 (the highest).

    Args:
        values: One per option; ``None`` where an option has no place on the scale.

    Returns:
        Positions in [0, 1]; all ``None`` where the values do not differ, since that is no scale.

    Example:
        >>> scaled_positions([1, 2, 1.5, None])
        (0.0, 1.0, 0.5, None)
        >>> scaled_positions([1, 1, 1])
        (None, None, None)
    """
    placed = [value for value in values if value is not None]
    if len(set(placed)) < 2:
        return (None,) * len(values)
    low, high = min(placed), max(placed)
    return tuple(None if value is None else (value - low) / (high - low) for value in values)


def repeated(names: Iterable[str]) -> list[str]:
    """The names that occur more than once, each once, in order of first appearance."""
    return [name for name, count in Counter(names).items() if count > 1]
