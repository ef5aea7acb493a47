"""Prior features of an informed soft-prompting model."""

from __future__ import annotations

import math

import pytest
import torch

from personaspace.newquestions.option_weights import OptionWeights
from personaspace.steer.soft_prompts.informed import (
    PLACES,
    WIDTH,
    InformedSettings,
    no_prior_features,
    prior_features,
)


@pytest.fixture
def weights() -> OptionWeights:
    """Of three options, for points of two dimensions."""
    return OptionWeights(torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 1.0], [0.0, -1.0, 0.0]]), 0.5)


def test_features_are_on_the_device_of_the_points(weights: OptionWeights) -> None:
    assert prior_features(weights, torch.randn(3, 2, device="meta")).device.type == "meta"


def test_options_beyond_the_places_have_no_features_but_take_probability() -> None:
    features = prior_features(OptionWeights(torch.zeros(PLACES * 2, 3), 0.5), torch.randn(3, 2))
    torch.testing.assert_close(features[:, PLACES : 2 * PLACES].sum(dim=1), torch.full((3,), 0.5))


def test_features_are_log_odds_probabilities_and_uncertainty_by_place(weights: OptionWeights) -> None:
    points = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    features = prior_features(weights, points)
    assert features.shape == (2, WIDTH)
    odds = torch.tensor([[1.0, 0.5, -1.0], [0.0, 2.5, 0.0]])
    torch.testing.assert_close(features[:, :3], odds - odds.mean(dim=1, keepdim=True))
    torch.testing.assert_close(features[:, PLACES : PLACES + 3], odds.softmax(dim=1))
    assert not features[:, 3:PLACES].any()
    assert not features[:, PLACES + 3 : -1].any()
    torch.testing.assert_close(features[:, -1], torch.full((2,), math.log(0.5)))


def test_without_options_there_are_no_features() -> None:
    assert no_prior_features(3, torch.device("cpu")).tolist() == torch.zeros(3, WIDTH).tolist()


def test_the_answer_starts_from_the_prior_and_the_language_model_adds_a_share(weights: OptionWeights) -> None:
    points, logits = torch.randn(4, 2), torch.randn(4, 3)
    informed = InformedSettings(hidden=8).build(2, 4, (1, 4))
    features = prior_features(weights, points)
    found = informed.added(logits, features).log_softmax(1)
    expected = (weights.log_odds(points) + informed.share * logits).log_softmax(1)
    torch.testing.assert_close(found, expected)
    assert torch.equal(informed.added(logits, None), logits)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert informed.paced_share.grad is not None


def test_a_refusal_has_its_share_and_options_beyond_the_places_what_is_left(weights: OptionWeights) -> None:
    informed = InformedSettings(hidden=8).build(2, 4, (1, 4))
    with torch.no_grad():
        informed.paced_share.zero_()
        informed.set_refused(0.2)
        refusal = informed.added(torch.randn(4, 4), prior_features(weights, torch.randn(4, 2)))[:, 3]
        many = prior_features(OptionWeights(torch.zeros(30, 3), 0.5), torch.randn(4, 2))
        last = informed.added(torch.randn(4, 30), many).softmax(1)[:, PLACES:]
    torch.testing.assert_close(refusal, torch.full((4,), 0.2).log())
    torch.testing.assert_close(last, torch.full((4, 4), 1 / 30))
