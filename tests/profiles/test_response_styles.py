"""Response styles of personas are compared with everybody else's on the same questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.profiles.response_styles import style_shares
from tests.persona.planted import named, styled, unstructured


def test_shares_are_those_of_the_members_answers() -> None:
    survey, shows = styled("middle", 0)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, 300)
    survey = replace(survey, weights=weights)
    table = style_shares(named(shows.astype(np.int64), survey), survey)
    others, row = table[table["style"] == "middle"].drop(columns="style").set_index("persona").to_dict("index").values()
    given = survey.answers
    middle, known, weight = given.option == 2, given.option < 5, weights[given.respondent]
    inside = shows[given.respondent] & known
    assert row["share"] == pytest.approx(np.average(middle[inside], weights=weight[inside]))
    assert row["population_share"] == pytest.approx(np.average(middle[known], weights=weight[known]), abs=0.01)
    rest = np.average(middle[known & ~shows[given.respondent]], weights=weight[known & ~shows[given.respondent]])
    assert row["excess"] == pytest.approx(row["share"] - rest, abs=0.02)
    assert 0 < row["low"] < row["excess"]
    assert others["excess"] == pytest.approx(-row["excess"], abs=0.01)


def test_intervals_of_random_groups_hold_zero() -> None:
    survey = unstructured(400, 30, 0.8, 0)
    rng = np.random.default_rng(0)
    tables = [style_shares(named(rng.integers(4, size=400), survey), survey) for _ in range(25)]
    assert np.mean([(table["low"] > 0).mean() for table in tables]) == pytest.approx(0.05, abs=0.03)
