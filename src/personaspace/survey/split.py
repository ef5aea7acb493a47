"""Split a survey into training answers and evaluation sets: held-out answers, unseen respondents and questions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from personaspace.checks import check_number, check_whole
from personaspace.errors import MAX_SEED
from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class SplitSettings:
    """Settings of a split; ``split(survey, **asdict(settings))`` makes it again.

    Attributes:
        unseen_respondents: Fraction of respondents that no stage sees in training.
        held_out_answers: Fraction of the answers set apart, of training and of unseen respondents alike.
        held_out_questions: Fraction of questions no stage sees at all.
        seed: Seed of every random choice.

    Raises:
        SettingError: A fraction is outside [0, 1) or the seed is negative.
    """

    unseen_respondents: float = 0.2
    held_out_answers: float = 0.2
    held_out_questions: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.name != "seed"):
            check_number(name, getattr(self, name), 0, 1, below=True)
        check_whole("seed", self.seed, 0, MAX_SEED)


@dataclass(frozen=True, eq=False)
class Split:
    """A survey cut into the answers to train on and the answers to predict.

    Attributes:
        survey: The whole.
        train: Training respondents x seen questions: the only answers that any stage learns from.
        held_out_answers: The same respondents and questions, in the same order, with their other answers.
        unseen_known: Unseen respondents x seen questions: the answers from which they are embedded.
        unseen_held_out: The same respondents and questions, with the answers to predict.
        held_out_questions: Training respondents x held-out questions.
        unseen_held_out_questions: Unseen respondents x held-out questions.
        settings: The settings it was made with.

    Refusals stay with their cells: those on seen questions are in ``train`` and ``unseen_known``.
    """

    survey: Survey
    train: Survey
    held_out_answers: Survey
    unseen_known: Survey
    unseen_held_out: Survey
    held_out_questions: Survey
    unseen_held_out_questions: Survey
    settings: SplitSettings

    def known(self, k: int) -> Survey:
        """The unseen respondents with only k known answers each.

        Args:
            k: Answers per respondent, 0 or more; respondents who gave fewer keep all theirs.

        Returns:
            ``unseen_known`` with at most ``k`` answers each and no refusals. The choice is random, the same
            in every call, and nested: the answers of a smaller ``k`` are among those of a larger one.

        Raises:
            SettingError: ``k`` is negative.
        """
        check_whole("k", k, 0)
        respondent = self.unseen_known.answers.respondent
        order = np.random.default_rng([self.settings.seed, 1]).permutation(len(respondent))
        chosen = np.sort(order[_rank_within(respondent[order]) < k])
        return replace(self.unseen_known.with_answers(chosen), refusals=Pairs.empty())


def split(
    survey: Survey,
    *,
    unseen_respondents: float = 0.2,
    held_out_answers: float = 0.2,
    held_out_questions: float = 0.15,
    seed: int = 0,
) -> Split:
    """Split a survey at random into training answers and evaluation sets.

    Args:
        survey: Any survey.
        unseen_respondents: Fraction of respondents set apart, in [0, 1); 0 for none.
        held_out_answers: Fraction of the answers set apart on either side, in [0, 1).
        held_out_questions: Fraction of questions set apart, in [0, 1).
        seed: The same seed gives the same split. Each choice has its own random stream, so that the unseen
            respondents do not depend on the other fractions.

    Returns:
        Six surveys whose answers are disjoint and together those of the survey.

    Raises:
        SettingError: A fraction is outside [0, 1) or the seed is negative.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> parts = split(simulate(respondents=100), seed=0)
        >>> len(parts.train.respondents), len(parts.train.questions)
        (80, 51)
        >>> parts.train.respondents == parts.held_out_answers.respondents
        True
    """
    settings = SplitSettings(unseen_respondents, held_out_answers, held_out_questions, seed)
    of_people, of_questions, of_answers, of_unseen = np.random.default_rng(seed).spawn(4)
    unseen = _choose(len(survey.respondents), unseen_respondents, of_people)
    held_out = _choose(len(survey.questions), held_out_questions, of_questions)
    train, other = _divide(survey.select(~unseen, ~held_out), held_out_answers, of_answers)
    known, to_predict = _divide(survey.select(unseen, ~held_out), held_out_answers, of_unseen)
    return Split(
        survey=survey,
        train=train,
        held_out_answers=other,
        unseen_known=known,
        unseen_held_out=to_predict,
        held_out_questions=survey.select(~unseen, held_out),
        unseen_held_out_questions=survey.select(unseen, held_out),
        settings=settings,
    )


def _choose(size: int, fraction: float, rng: np.random.Generator) -> BoolArray:
    """A random mask of the given share, of all but at least one."""
    chosen = np.zeros(size, np.bool_)
    chosen[rng.permutation(size)[: min(round(fraction * size), max(size - 1, 0))]] = True
    return chosen


def _divide(survey: Survey, fraction: float, rng: np.random.Generator) -> tuple[Survey, Survey]:
    """Kept answers with all refusals, and the answers held out."""
    out = _choose(len(survey.answers), fraction, rng)
    return survey.with_answers(~out), replace(survey.with_answers(out), refusals=Pairs.empty())


def _rank_within(groups: IntArray) -> IntArray:
    """How many earlier entries belong to the same group, shape of ``groups``."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
    rank = np.empty(len(groups), np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return rank
