"""Validation answers: a share of the training answers that decides when to stop early and calibrates, untrained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from personaspace.checks import check_number
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import about_traits

_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def validation_mask(survey: Survey, fraction: float = 0.05) -> BoolArray:
    """Choose the validation answers among a survey's training answers.

    The choice depends on the ids of respondent and question alone (a hash of both), not on order, seed or stage, so
    that the embedder and the soft-prompting model have the same validation answers.

    Args:
        survey: The survey trained on.
        fraction: Share of the answers that are for validation, in [0, 1).

    Returns:
        Mask over ``survey.answers``, True where an answer is for validation; every respondent keeps at least one
        answer to train on. Traits asked as questions are never for validation, and change nothing else.

    Raises:
        SettingError: The fraction is outside [0, 1).

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=200)
        >>> validation = validation_mask(survey)
        >>> 0.03 < len(survey.with_answers(validation).answers) / len(survey.answers) < 0.07
        True
    """
    check_number("fraction", fraction, 0, 1, below=True)
    answers = survey.answers
    mixed = _mix(
        _hashes(survey.respondents)[answers.respondent]
        + _mix(_hashes([question.id for question in survey.questions]))[answers.question]
    )
    highest = np.zeros(len(survey.respondents), np.uint64)
    asked = ~about_traits(survey.questions)[answers.question]
    np.maximum.at(highest, answers.respondent[asked], mixed[asked])
    validation: BoolArray = asked & (mixed < np.uint64(fraction * 2**64)) & (mixed != highest[answers.respondent])
    return validation


def without_validation(survey: Survey) -> Survey:
    """The survey without its validation answers (:func:`validation_mask`): all that a stage may learn from."""
    return survey.with_answers(~validation_mask(survey))


def training_and_validation_answers(survey: Survey) -> tuple[Answers, Answers]:
    """The survey's training answers in ascending order, and its validation answers.

    Where the survey has no validation answers (:func:`validation_mask`), the training
    answers stand for them too.
    """
    mask = validation_mask(survey)
    training = survey.answers.where(~mask).ascending()
    return training, survey.answers.where(mask) if mask.any() else training


def _hashes(ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A stable 64-bit hash per id."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers over their whole range (the finalizer of SplitMix64)."""
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        values = (values ^ (values >> np.uint64(shift))) * factor
    return values ^ (values >> np.uint64(31))
