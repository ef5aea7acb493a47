"""Prior features and targets of training pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import Axes
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.training.distillation import LEFT_OUT, Distillation
from personaspace.survey.question import Option, Question

ASKED = tuple(
    Question(text, text, (Option("Agree"), Option("Neither"), Option("Disagree")))
    for text in ("Banks can be trusted", "Banks can be trusted with savings", "Parks are well kept")
)


@pytest.fixture
def prior() -> QuestionPrior:
    rng = np.random.default_rng(0)
    axes = Axes.of(rng.normal(size=(20, 2)).astype(np.float32))
    return QuestionPrior(ASKED, rng.normal(size=(9, 3)), axes, rng.normal(size=(3, 4)))


def test_the_target_mixes_answer_and_embedder_and_a_refusal_is_only_that(prior: QuestionPrior) -> None:
    points, chosen = torch.randn(3, 2), torch.tensor([0, 2, 3])
    target = Distillation(prior, 0.5).target(0, points, chosen, 4)
    torch.testing.assert_close(target.sum(dim=1), torch.ones(3))
    own = prior.own[0].log_odds(points).softmax(dim=1)
    torch.testing.assert_close(target[0, :3], 0.5 * own[0] + 0.5 * torch.eye(3)[0])
    assert target[2].tolist() == [0, 0, 0, 1]


def test_features_are_drawn_leave_one_out_as_often_as_said(prior: QuestionPrior) -> None:
    points, rng = torch.ones(1, 2), np.random.default_rng(0)
    distillation = Distillation(prior, 0.5)
    known = {
        "left out": prior_features(prior.leave_one_out[1], points),
        "own": prior_features(prior.own[1], points),
    }
    drawn = [distillation.features(1, points, rng) for _ in range(2000)]
    shares = {name: np.mean([torch.equal(expected, one) for one in drawn]) for name, expected in known.items()}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["left out"] == pytest.approx(LEFT_OUT, abs=0.04)
    assert torch.equal(distillation.features(1, points), known["own"])
