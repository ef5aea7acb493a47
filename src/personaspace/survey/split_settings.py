"""Settings of a split: the fractions held out, how questions are drawn, and published protocols that set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED, SettingError, unknown
from personaspace.survey.question_groups import GROUPINGS


class Fractions(NamedTuple):
    """What a split holds out of respondents, of answers and of questions."""

    unseen_respondents: float = 0.2
    held_out_answers: float = 0.2
    held_out_questions: float = 0.15


class Protocol(NamedTuple):
    """A published protocol: what tables call it, and the fractions it sets."""

    title: str
    fractions: Fractions


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "gems": Protocol("GEMS setting 1", Fractions(0.6, 0.6, 0.0)),
        "gems-individuals": Protocol("GEMS setting 2", Fractions(0.6, 1.0, 0.0)),
        "gems-questions": Protocol("GEMS setting 3", Fractions(0.0, 0.0, 0.2)),
    }
)
"""Published protocols by name: the three settings of GEMS (arXiv 2511.02135).

- ``gems``, their setting 1, missing answers: of each of 60% of the people, the test people, 40% of the answers are in
  training and the others are predicted. Everybody else is in training with all answers.
- ``gems-individuals``, setting 2, new individuals: 60% of the people are in no training and none of their answers is
  known, only their traits.
- ``gems-questions``, setting 3, new questions: 20% of the questions, drawn one by one, are predicted for everybody.

The 5% of the people, and 10% of the questions, that they validate on are in training here: embedders choose validation
answers among those they are trained on.
"""


@dataclass(frozen=True)
class SplitSettings:
    """Settings of a split; ``split(survey, **asdict(settings))`` makes it again.

    Attributes:
        unseen_respondents: Fraction of respondents that no stage sees in training.
        held_out_answers: Fraction of the answers set apart, of training and of unseen respondents alike.
        held_out_questions: Fraction of questions no stage sees at all.
        seed: Seed of every random choice.
        hold_out_by: What makes the groups of questions that are held out whole, or ``None`` for single questions.
        protocol: The published protocol that sets the fractions, or ``None``; see :data:`PROTOCOLS`.

    Raises:
        SettingError: A fraction is outside [0, 1) or another than the protocol's; the seed is negative; questions are
            to be held out in groups where none are held out, or where a protocol draws single ones.
        UnknownNameError: There is no such protocol or way to group questions.
    """

    unseen_respondents: float = Fractions().unseen_respondents
    held_out_answers: float = Fractions().held_out_answers
    held_out_questions: float = Fractions().held_out_questions
    seed: int = 0
    hold_out_by: str | None = None
    protocol: str | None = None

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, 0, MAX_SEED)
        if self.hold_out_by is not None and self.hold_out_by not in GROUPINGS:
            raise unknown("grouping of questions", self.hold_out_by, GROUPINGS)
        if self.protocol is None:
            for name in Fractions._fields:
                check_number(name, getattr(self, name), 0, 1, below=True)
            if self.hold_out_by and not self.held_out_questions:
                raise SettingError(
                    f"hold_out_by is {self.hold_out_by!r}, but no questions are held out: leave hold_out_by out, or "
                    "give held_out_questions above 0"
                )
            return
        if self.protocol not in PROTOCOLS:
            raise unknown("protocol", self.protocol, PROTOCOLS)
        for name, set_to in PROTOCOLS[self.protocol].fractions._asdict().items():
            if getattr(self, name) != set_to:
                raise SettingError(
                    f"{name} is {getattr(self, name)}, but protocol {self.protocol!r} sets it to {set_to:g}: leave one "
                    "of the two out"
                )
        if self.hold_out_by:
            raise SettingError(
                f"protocol {self.protocol!r} draws questions one by one or none: leave hold_out_by out, or the protocol"
            )

    @classmethod
    def of(
        cls,
        unseen_respondents: float | None = None,
        held_out_answers: float | None = None,
        held_out_questions: float | None = None,
        *,
        seed: int = 0,
        hold_out_by: str | None = None,
        protocol: str | None = None,
    ) -> Self:
        """The settings in which every fraction that is not given is the protocol's, or the default one.

        Example:
            >>> SplitSettings.of(protocol="gems").unseen_respondents
            0.6
        """
        given = (unseen_respondents, held_out_answers, held_out_questions)
        usual = PROTOCOLS[protocol].fractions if protocol and protocol in PROTOCOLS else Fractions()
        people, answers, questions = (there if own is None else own for own, there in zip(given, usual, strict=True))
        return cls(people, answers, questions, seed, hold_out_by, protocol)

    @property
    def nothing_held_out(self) -> bool:
        """Whether everything is in training, as with ``--use-everything``."""
        return not any(getattr(self, name) for name in Fractions._fields)
