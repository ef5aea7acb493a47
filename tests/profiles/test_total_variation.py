"""Where nothing differs the corrected distance is 0 on average; intervals of distances cover the truth."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.profiles.questions import distinguishing_questions, separating_questions
from personaspace.profiles.total_variation import corrected

from .drawn import drawn


def test_where_nothing_differs_the_corrected_distance_is_nothing() -> None:
    personas, survey = drawn(np.tile([0.2, 0.3, 0.5], (4, 1)), 160, seed=0, questions=300)
    table = distinguishing_questions(personas, survey)
    assert table["tv"].mean() > 0.07
    assert abs(table["tv_corrected"].mean()) < 0.006
    assert (table["low"] == 0).mean() > 0.95
    apart = separating_questions(personas, survey)
    assert apart["mean_tv"].mean() > 0.1
    assert abs(apart["mean_tv_corrected"].mean()) < 0.006
    assert (apart["low"] == 0).mean() > 0.95


def test_intervals_of_distances_hold_the_truth_for_small_groups() -> None:
    chances = np.array([[0.5, 0.3, 0.2], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4], [0.1, 0.1, 0.8]])
    personas, survey = drawn(chances, 200, seed=1, questions=400)
    parts = np.array([survey.weight[g::4].sum() for g in range(4)]) / survey.weight.sum()
    table = distinguishing_questions(personas, survey)
    for g in range(4):
        truth = np.abs(chances[g] - parts @ chances).sum() / 2
        rows = table[table["persona"] == f"p{g}"]
        assert ((rows["low"] <= truth) & (truth <= rows["high"])).mean() > 0.93
        assert (rows["low"] > truth).mean() < 0.03
        assert truth - 0.06 < rows["tv_corrected"].mean() < truth + 0.005
    pairs = [np.abs(chances[a] - chances[b]).sum() / 2 for a in range(4) for b in range(a)]
    apart = separating_questions(personas, survey)
    held = (apart["low"] <= np.mean(pairs)) & (np.mean(pairs) <= apart["high"])
    assert held.mean() > 0.93
    assert np.mean(pairs) - 0.05 < apart["mean_tv_corrected"].mean() < np.mean(pairs) < apart["mean_tv"].mean()


def test_certain_differences_are_not_corrected() -> None:
    assert corrected(np.array([0.3, -0.3]), np.array([0.0, 0.0])).tolist() == pytest.approx([0.15, 0.15])
