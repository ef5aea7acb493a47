"""From a survey and its space to what an informed soft-prompting model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from personaspace.files import read_json, read_tensors, write_json, write_tensors
from personaspace.steer.blind_points import Placing, blind_points
from personaspace.steer.expectation import Expectation
from personaspace.steer.language_model import Reading
from personaspace.steer.lessons import Lessons
from personaspace.steer.log_odds import log_odds
from personaspace.steer.pairs import Pairs
from personaspace.steer.points import Space, Vectors
from personaspace.steer.train_settings import TrainSettings
from personaspace.survey.early_stopping import early_stopping
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

FILE = "expectation"


def expectation_of(survey: Survey, space: Space, vectors: Vectors, readings: Sequence[Reading]) -> Expectation:
    """What a space expects of any question.

    Args:
        survey: Training answers.
        space: Asked what its points answer if it can say so; else the answers are regressed on its points.
        vectors: Of the survey's respondents, shape ``[respondents, dim]``.
        readings: The survey's questions as the frozen model read them.
    """
    states = torch.stack([reading.features for reading in readings]).cpu().double().numpy()
    return Expectation(survey.questions, states, log_odds(survey, space, vectors))


def informed(
    train: Pairs, held_out: Pairs, expectation: Expectation, survey: Survey, space: Space, settings: TrainSettings
) -> tuple[Pairs, Pairs]:
    """Pairs with lessons; those to train on are moved to points that do not know the answer, if the space can place.

    With one question alone such points would know nothing, so there they stay where they are.

    Args:
        train: Pairs to train on.
        held_out: Pairs watched meanwhile.
        expectation: What the space expects.
        survey: Training answers.
        space: Where the respondents stand.
        settings: How to train.
    """
    lessons = Lessons(expectation, settings.distillation)
    train, held_out = replace(train, lessons=lessons), replace(held_out, lessons=lessons)
    if isinstance(space, Placing) and len(survey.questions) > 1:
        blind = blind_points(survey, space, ~early_stopping(survey), settings.seed)
        train = replace(train, vectors=blind.vectors, row=blind.rows(train.row, train.question))
    return train, held_out


def write_expectation(expectation: Expectation, folder: Path) -> None:
    """Write the questions asked, and what is known of them."""
    write_tensors(folder / f"{FILE}.safetensors", {k: torch.from_numpy(v) for k, v in expectation.tensors().items()})
    write_json(folder / f"{FILE}.json", [question.to_json() for question in expectation.questions])


def read_expectation(folder: Path) -> Expectation:
    """Read what :func:`write_expectation` wrote."""
    questions = [Question.from_json(known) for known in read_json(folder / f"{FILE}.json")]
    return Expectation.restored(questions, read_tensors(folder / f"{FILE}.safetensors"))
