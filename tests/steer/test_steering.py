"""Steering: how often the question prior is asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import OptionWeights
from personaspace.steer.model.prompts import phrasings
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskSettings, in_batches
from personaspace.survey.question import Option, Question
from tests.steer.conftest import Points

TEA = Question("tea", "How do you take tea?", (Option("Black"), Option("With milk"), Option("Not at all")))


def test_the_question_prior_is_asked_once_and_ordered_as_each_phrasing(
    steered: SteeredLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, usual = list[str](), QuestionPrior.of

    def of(prior: QuestionPrior, question: Question, states: Tensor) -> OptionWeights:
        asked.append(question.id)
        return usual(prior, question, states)

    monkeypatch.setattr(QuestionPrior, "of", of)
    vectors = Points(2).vectors
    outcomes = steered.outcomes(vectors, TEA, AskSettings(orders=4))
    assert asked == ["tea"]
    weights = steered.steering.option_weights(TEA)
    assert weights is not None
    points = torch.from_numpy(vectors)
    for phrasing, found in zip(phrasings(TEA, 4), outcomes, strict=True):
        features = prior_features(weights.ordered(phrasing.order), points)
        with torch.no_grad():
            logits = steered.steering.logits(points, phrasing.text(TEA), "ABC", 512, features)
        np.testing.assert_allclose(logits.softmax(-1)[:, phrasing.places()], found, atol=1e-6)


def test_batches_have_each_point_s_prior_features() -> None:
    points = torch.arange(5.0)[:, None]
    assert [len(some) for some, features in in_batches(points, None, 2) if features is None] == [2, 2, 1]
    for some, features in in_batches(points, points * 10, 2):
        assert features is not None
        assert torch.equal(features, some * 10)
