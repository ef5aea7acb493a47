"""Split a survey into training answers and evaluation sets: held-out answers, unseen respondents and questions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from personaspace.checks import check_whole
from personaspace.errors import SettingError, shown
from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.question_groups import GROUPINGS, question_groups
from personaspace.survey.split_settings import SplitSettings
from personaspace.survey.survey import Survey


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
    unseen_respondents: float | None = None,
    held_out_answers: float | None = None,
    held_out_questions: float | None = None,
    hold_out_by: str | None = None,
    protocol: str | None = None,
    seed: int = 0,
) -> Split:
    """Split a survey at random into training answers and evaluation sets.

    Args:
        survey: Any survey.
        unseen_respondents: Fraction of respondents set apart, in [0, 1); 0.2 by default, 0 for none.
        held_out_answers: Fraction of the answers set apart on either side, in [0, 1); 0.2 by default.
        held_out_questions: Fraction of questions set apart, in [0, 1); 0.15 by default.
        hold_out_by: ``"battery"``, ``"topic"`` or ``"wave"`` holds out whole groups of questions
            (:func:`~personaspace.survey.question_groups.question_groups`), drawn at random as long as each brings the
            fraction nearer, so that no held-out question has a sibling in training; ``None`` draws single questions.
        protocol: A published protocol, which sets the fractions itself: one of
            :data:`~personaspace.survey.split_settings.PROTOCOLS`.
        seed: The same seed gives the same split. Each choice has its own random stream, so that the unseen
            respondents do not depend on the other fractions.

    Returns:
        Six surveys whose answers are disjoint and together those of the survey.

    Raises:
        SettingError: A fraction is outside [0, 1) or another than the protocol's, or the seed is negative; all
            questions are of one group.
        UnknownNameError: There is no such protocol or way to group questions.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> parts = split(simulate(respondents=100), seed=0)
        >>> len(parts.train.respondents), len(parts.train.questions)
        (80, 51)
        >>> parts.train.respondents == parts.held_out_answers.respondents
        True
        >>> topics = split(simulate(respondents=100), hold_out_by="topic", seed=0)
        >>> {question.topic for question in topics.held_out_questions.questions}
        {'technology'}
    """
    settings = SplitSettings.of(
        unseen_respondents, held_out_answers, held_out_questions, seed=seed, hold_out_by=hold_out_by, protocol=protocol
    )
    of_people, of_questions, of_answers, of_unseen = np.random.default_rng(seed).spawn(4)
    unseen = _choose(len(survey.respondents), settings.unseen_respondents, of_people)
    groups = np.arange(len(survey.questions)) if hold_out_by is None else _several_groups(survey, hold_out_by)
    held_out = _choose_groups(groups, settings.held_out_questions, of_questions)
    if protocol is None:
        train, other = _divide(survey.select(~unseen, ~held_out), settings.held_out_answers, of_answers)
        known, to_predict = _divide(survey.select(unseen, ~held_out), settings.held_out_answers, of_unseen)
    else:
        hidden = _hidden_of_each(survey, unseen, settings.held_out_answers, of_unseen)
        if protocol == "gems":  # the answers that are not hidden are in training
            unseen = np.zeros_like(unseen)
        shown, hidden_answers = _divided(survey, hidden)
        (train, other), (known, to_predict) = (
            (shown.select(people, ~held_out), hidden_answers.select(people, ~held_out)) for people in (~unseen, unseen)
        )
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
    return _choose_groups(np.arange(size), fraction, rng)


def _choose_groups(groups: IntArray, fraction: float, rng: np.random.Generator) -> BoolArray:
    """A random mask of whole groups whose share comes near the given one, at least one and never all of them."""
    sizes = np.bincount(groups)
    wanted = min(round(fraction * len(groups)), max(len(groups) - 1, 0))
    order = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes), np.bool_)
    total = 0
    for group in order:
        nearer = abs(total + sizes[group] - wanted) < wanted - total
        if nearer and total + sizes[group] < len(groups):
            chosen[group] = True
            total += sizes[group]
    if wanted and not total:
        chosen[order[sizes[order].argmin()]] = True
    return chosen[groups]


def _several_groups(survey: Survey, by: str) -> IntArray:
    """The group of each question; :class:`SettingError` where there is only one group."""
    groups = question_groups(survey, by)
    if len(set(groups.tolist())) < 2:
        others = " or ".join(sorted(GROUPINGS.keys() - {by}))
        raise SettingError(
            f"all {len(groups)} questions of {shown(survey.name)} are of one {by}, so that none would be left to train "
            f"on: hold out by {others}, or single questions"
        )
    return groups


def _divide(survey: Survey, fraction: float, rng: np.random.Generator) -> tuple[Survey, Survey]:
    """Kept answers with all refusals, and the answers held out at random."""
    return _divided(survey, _choose(len(survey.answers), fraction, rng))


def _divided(survey: Survey, hidden: BoolArray) -> tuple[Survey, Survey]:
    return survey.with_answers(~hidden), replace(survey.with_answers(hidden), refusals=Pairs.empty())


def _hidden_of_each(survey: Survey, people: BoolArray, fraction: float, rng: np.random.Generator) -> BoolArray:
    """A random mask of the given share of the answers of each of some people, rounded up."""
    respondent = survey.answers.respondent
    order = rng.permutation(len(respondent))
    rank = np.empty(len(order), np.int64)
    rank[order] = _rank_within(respondent[order])
    kept = np.floor((1 - fraction) * np.bincount(respondent, minlength=len(people)) + 1e-9)
    hidden: BoolArray = people[respondent] & (rank >= kept[respondent])
    return hidden


def _rank_within(groups: IntArray) -> IntArray:
    """How many earlier entries belong to the same group, shape of ``groups``."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
    rank = np.empty(len(groups), np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return rank
