"""The posterior of option weights: the prior without answers, the regression of the answers with many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from personaspace.newquestions.features import contrasts
from personaspace.newquestions.option_weights import Axes, WeightDistribution
from personaspace.newquestions.posterior import Group, Posterior
from personaspace.newquestions.whom_to_ask import whom_to_ask
from personaspace.survey.arrays import FloatArray, IntArray

OPTIONS, AXES = 3, 4
NOBODY = np.zeros((0, AXES)), np.zeros(0, np.int64)


def prior_of(rng: np.random.Generator, scale: float = 1.0) -> WeightDistribution:
    root = rng.normal(size=(OPTIONS - 1, OPTIONS - 1))
    return WeightDistribution(
        Axes(np.zeros(AXES), np.eye(AXES), np.ones(AXES)),
        rng.normal(size=(OPTIONS - 1, 1)),
        rng.normal(size=(OPTIONS - 1, AXES)),
        scale * (root @ root.T + 0.1 * np.eye(OPTIONS - 1)),
        scale * np.eye(OPTIONS - 1),
        rng.uniform(0.3, 1.0, AXES),
        0.7,
    )


def answers_of(weights: FloatArray, places: FloatArray, rng: np.random.Generator) -> IntArray:
    """Answers drawn with contrasts ``[contrasts, 1 + axes]``."""
    probabilities = softmax((weights[:, 0] + places @ weights[:, 1:].T) @ contrasts(OPTIONS), axis=1)
    drawn: IntArray = (rng.random((len(places), 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return drawn


def drawn_weights(prior: WeightDistribution, rng: np.random.Generator) -> FloatArray:
    intercepts = rng.multivariate_normal(prior.intercepts[:, 0], prior.intercept_covariance)
    away = np.linalg.cholesky(prior.slope_covariance) @ rng.normal(size=prior.slopes.shape) * prior.slope_scale
    return np.column_stack([intercepts, prior.slopes + away])


def test_without_answers_it_is_the_prior_exactly() -> None:
    rng = np.random.default_rng(0)
    prior, places = prior_of(rng), rng.normal(size=(5, AXES))
    belief = Posterior(prior, *NOBODY)
    expected = softmax((prior.intercepts.T + places @ prior.slopes.T) @ contrasts(OPTIONS), axis=1)
    np.testing.assert_array_equal(belief.probabilities(places), expected)
    np.testing.assert_array_equal(belief.option_weights().weights, prior.option_weights().weights)
    assert belief.option_weights().uncertainty == pytest.approx(prior.uncertainty)


def test_weights_without_answers_vary_as_the_prior_says() -> None:
    rng = np.random.default_rng(1)
    prior = prior_of(rng)
    place = rng.normal(size=(1, AXES))
    scores = np.log(Posterior(prior, *NOBODY).drawn(place)[:, 0]) @ contrasts(OPTIONS).T
    features = np.concatenate([[0.0], place[0] * prior.slope_scale])
    expected = prior.intercept_covariance + prior.slope_covariance * (features @ features)
    np.testing.assert_allclose(np.cov(scores.T), expected, rtol=0.4, atol=0.3)


def test_with_many_answers_it_finds_what_they_were_drawn_from() -> None:
    rng = np.random.default_rng(2)
    prior = prior_of(rng)
    weights, places = drawn_weights(prior, rng), rng.normal(size=(20_000, AXES))
    belief = Posterior(prior, places, answers_of(weights, places, rng))
    found = contrasts(OPTIONS) @ belief.option_weights().weights.numpy()
    np.testing.assert_allclose(found, weights, atol=0.12)
    assert belief.uncertainty < 0.1


def test_the_mode_is_where_the_posterior_is_highest() -> None:
    rng = np.random.default_rng(3)
    prior, places = prior_of(rng), rng.normal(size=(30, AXES))
    groups = [Group(places[:10], np.full(10, 0.1), np.array([5.0, 3.0, 2.0]))]
    belief = Posterior(prior, places, rng.integers(0, OPTIONS, 30), groups)
    highest = belief._value(belief.mode)
    for step in np.eye(len(belief.mode)) * 1e-3:
        assert belief._value(belief.mode + step) < highest
        assert belief._value(belief.mode - step) < highest


def test_the_information_is_that_of_the_answers() -> None:
    """Against numerical second derivatives of the log posterior of pilot answers."""
    rng = np.random.default_rng(4)
    prior, places = prior_of(rng), rng.normal(size=(12, AXES))
    belief = Posterior(prior, places, rng.integers(0, OPTIONS, 12))
    size, step = len(belief.mode), 1e-4
    slopes = [
        (belief._derivatives(belief.mode + away)[0] - belief._derivatives(belief.mode - away)[0]) / (2 * step)
        for away in np.eye(size) * step
    ]
    np.testing.assert_allclose(-np.array(slopes), belief._derivatives(belief.mode)[1], atol=1e-5)


def test_a_topline_of_many_people_is_met_and_leaves_differences_between_people() -> None:
    rng = np.random.default_rng(5)
    prior, places = prior_of(rng), rng.normal(size=(400, AXES))
    weight = rng.random(400)
    group = Group(places, weight / weight.sum(), 100_000 * np.array([0.2, 0.5, 0.3]))
    belief = Posterior(prior, *NOBODY, [group])
    np.testing.assert_allclose(group.weight @ belief.probabilities(places), [0.2, 0.5, 0.3], atol=0.01)
    before = Posterior(prior, *NOBODY).probabilities(places)
    assert np.corrcoef(before[:, 0], belief.probabilities(places)[:, 0])[0, 1] > 0.6


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(6)
    held = []
    for _ in range(120):
        prior, places = prior_of(rng), rng.normal(size=(300, AXES))
        weights = drawn_weights(prior, rng)
        belief = Posterior(prior, places[:10], answers_of(weights, places[:10], rng))
        truth = softmax((weights[:, 0] + places @ weights[:, 1:].T) @ contrasts(OPTIONS), axis=1).mean(axis=0)
        low, high = np.percentile(belief.drawn(places).mean(axis=1), (2.5, 97.5), axis=0)
        held.append((low <= truth) & (truth <= high))
    assert 0.88 <= np.mean(held) <= 0.99


def test_a_question_with_many_options_moves_along_the_first_axes_only() -> None:
    options = 100
    prior = WeightDistribution(
        Axes(np.zeros(20), np.eye(20), np.ones(20)), np.zeros((options - 1, 1)), np.zeros((options - 1, 20)),
        np.eye(options - 1), np.eye(options - 1), np.ones(20), 1.0,
    )  # fmt: skip
    places = np.random.default_rng(7).normal(size=(10, 20))
    belief = Posterior(prior, places, np.arange(10))
    assert belief.probabilities(places).shape == (10, options)
    moved = contrasts(options) @ belief.option_weights().weights.numpy()[:, 1:]
    assert np.abs(moved[:, 0]).max() > 1e-3
    assert not moved[:, -1].any()


def test_those_who_are_chosen_lie_where_everybody_lies_as_the_weights_say() -> None:
    rng = np.random.default_rng(8)
    prior, places, weight = prior_of(rng), rng.normal(size=(300, AXES)), rng.random(300) ** 3
    weight /= weight.sum()
    rows, remaining = whom_to_ask(
        Posterior(prior, *NOBODY), places, weight, np.arange(300), np.zeros(300, np.int64), 12
    )
    assert len(set(rows)) == 12
    assert (np.diff(remaining) < 0).all()
    assert 0 < remaining[-1] < remaining[0] < 1
    drawn = [rng.choice(300, 12, replace=False, p=weight) for _ in range(50)]
    away = [
        np.linalg.norm((places[some].mean(axis=0) - weight @ places) * prior.slope_scale) for some in (rows, *drawn)
    ]
    assert away[0] < 0.3 * np.mean(away[1:])


def test_those_who_are_asked_next_make_up_for_those_who_have_answered() -> None:
    rng = np.random.default_rng(10)
    places, weight, room = rng.normal(size=(300, AXES)), np.full(300, 1 / 300), np.zeros(300, np.int64)
    extreme = np.argsort(places[:, 0])[-10:]
    belief = Posterior(prior_of(rng), places[extreme], np.zeros(10, np.int64))
    rest = np.setdiff1d(np.arange(300), extreme)
    alone, _ = whom_to_ask(belief, places, weight, rest, room[rest], 10)
    after, _ = whom_to_ask(belief, places, weight, rest, room[rest], 10, extreme)
    assert abs(places[alone, 0].mean() - places[:, 0].mean()) < 0.2
    assert abs(places[np.concatenate([extreme, after]), 0].mean() - places[:, 0].mean()) < 0.2
    assert places[after, 0].mean() < -1


def test_of_a_group_no_more_are_chosen_than_its_share() -> None:
    rng = np.random.default_rng(9)
    places, room = rng.normal(size=(100, AXES)) + 3, np.repeat([0, 1], [90, 10])
    places[90:] = places.mean(axis=0) + 0.1 * rng.normal(size=(10, AXES))
    weight = np.full(100, 0.01)
    belief = Posterior(prior_of(rng), *NOBODY)
    rows, _ = whom_to_ask(belief, places, weight, np.arange(100), room, 10)
    assert (rows >= 90).sum() == 1
    free, _ = whom_to_ask(belief, places, weight, np.arange(100), np.zeros(100, np.int64), 10)
    assert (free >= 90).sum() > 1
