"""Question and Option: what was asked and what could be answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from personaspace.errors import SurveyError

FloatArray = npt.NDArray[np.float64]


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
        if twice := repeated(texts):
            raise SurveyError(f"question {self.id!r} lists the option {twice[0]!r} twice")

    @cached_property
    def positions(self) -> FloatArray:
        """Ordinal positions, shape ``[options]``; NaN where an option has none."""
        return np.array([np.nan if o.position is None else o.position for o in self.options])

    @property
    def ordinal(self) -> bool:
        """Whether at least two options have different places on a scale."""
        return len(np.unique(self.positions[~np.isnan(self.positions)])) > 1


def scaled_positions(values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Places on any scale, moved and stretched so that the lowest is 0 and the highest 1.

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
