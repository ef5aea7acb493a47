"""Pairs of answers and refusals, in blocks, passes, and with cross-fitted vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.log_odds import log_odds
from personaspace.newquestions.option_weights import Axes
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.training.examples import (
    LEFT_OUT,
    Block,
    passes,
    training_and_validation,
    validation_refusals,
    with_prior,
)
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.survey import Survey
from tests.steer.conftest import opposed_survey, refusing_survey


@pytest.mark.parametrize("questions", [1, 2])
def test_vectors_are_cross_fitted_unless_there_is_only_one_question(questions: int) -> None:
    survey, space = opposed_survey(20, questions)
    pairs = training_and_validation(survey, torch.from_numpy(space.vectors))
    prior = QuestionPrior(survey.questions, log_odds(survey, space, space.vectors), Axes.of(space.vectors))
    embedder = AllAtZero(space.ids_, space.vectors)
    training, validation = with_prior(*pairs, prior, embedder, survey, TrainSettings())
    assert torch.equal(training.vectors, pairs[0].vectors) is (questions == 1)
    assert torch.equal(validation.vectors, pairs[1].vectors)


def test_half_of_the_blocks_to_train_on_take_their_question_for_one_nobody_was_asked() -> None:
    survey, space = opposed_survey(20, 2)
    prior = QuestionPrior(survey.questions, log_odds(survey, space, space.vectors), Axes.of(space.vectors))
    pairs = replace(training_and_validation(survey, torch.from_numpy(space.vectors))[0], prior=prior)
    rng, block = np.random.default_rng(0), np.flatnonzero(pairs.question == 0)[:4]
    points, cpu = pairs.vectors[torch.from_numpy(pairs.row[block])], torch.device("cpu")
    left_out, own = (prior_features(source[0], points) for source in (prior.leave_one_out, prior.own))
    assert not torch.equal(left_out, own)
    drawn = [pairs.block(block, cpu, rng).prior_features for _ in range(1000)]
    shares = [np.mean([torch.equal(at, one) for at in drawn if at is not None]) for one in (left_out, own)]
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(LEFT_OUT, abs=0.05)
    features = pairs.block(block, cpu).prior_features
    assert features is not None
    assert torch.equal(features, own)


@dataclass(frozen=True)
class AllAtZero:
    """An embedder that embeds every respondent at 0."""

    ids_: tuple[str, ...]
    respondents_: Vectors

    def embed(self, survey: Survey) -> Vectors:
        return np.zeros((len(survey.respondents), self.respondents_.shape[1]), np.float32)


def test_a_pass_has_no_more_rows_than_a_batch_padded_to_its_longest_block() -> None:
    sizes = [200, *[1] * 30, 16, 16, 300]
    blocks = [Block("", 2, torch.zeros(size, 1), torch.zeros(size, dtype=torch.long)) for size in sizes]
    together = [[len(block) for block in some] for some in passes(blocks, 256)]
    assert [size for some in together for size in some] == sizes
    assert all(len(some) * max(some) <= 256 for some in together if len(some) > 1)


def test_refusals_are_split_into_training_and_validation() -> None:
    survey, space, _ = refusing_survey()
    mask = validation_refusals(survey)
    assert 0 < mask.mean() < 0.3
    train, check = training_and_validation(survey, torch.from_numpy(space.vectors), refusals=True)
    assert len(train) + len(check) == len(survey.answers) + len(survey.refusals)
    assert set(train.sizes) == {3}
    assert (check.option == 2).sum() == mask.sum()
    assert all(text.endswith("C. Refused to answer\n") for text in train.texts)


def test_without_refusals_nothing_changes() -> None:
    survey, space, _ = refusing_survey()
    train, check = training_and_validation(survey, torch.from_numpy(space.vectors))
    assert len(train) + len(check) == len(survey.answers)
    assert set(train.sizes) == {2}
    assert not any("Refused" in text for text in train.texts)
