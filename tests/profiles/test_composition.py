"""Compositions are what a hand count gives, and random groups are seldom called different."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError, SurveyError
from personaspace.persona.groups import individual_personas
from personaspace.persona.personas import Personas
from personaspace.profiles.composition import composition
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted

from .drawn import drawn
from .tea import small


def test_composition_by_hand() -> None:
    table = composition(*small())
    drinkers = table[table["persona"] == "drinkers"]
    assert drinkers["trait"].tolist() == ["sex", "sex", "town", "town"]
    assert drinkers["value"].tolist() == ["f", "m", "x", "y"]
    assert drinkers["respondents"].tolist() == [1, 1, 1, 0]
    assert drinkers["share"].tolist() == pytest.approx([1 / 4, 3 / 4, 1, 0])
    assert drinkers["population_share"].tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1 / 3])
    assert drinkers["difference"].tolist() == pytest.approx([-1 / 12, 1 / 12, 1 / 3, -1 / 3])
    assert drinkers["ratio"].tolist() == pytest.approx([3 / 4, 9 / 8, 3 / 2, 0])


def test_composition_shares_sum_to_one_for_any_survey(planted: Planted, four: Personas) -> None:
    sums = composition(four, planted.survey).groupby(["persona", "trait"])[["share", "population_share"]].sum()
    assert len(sums) == 8
    np.testing.assert_allclose(sums, 1)


def test_a_survey_without_traits_has_an_empty_composition() -> None:
    personas, survey = small()
    plain = Survey(survey.respondents, survey.questions, survey.answers)
    table = composition(personas, plain)
    assert table.empty
    assert "ratio" in table.columns


def test_only_groups_have_profiles(planted: Planted) -> None:
    with pytest.raises(SettingError, match="no persona has two members"):
        composition(individual_personas(planted.embedder), planted.survey)
    personas, survey = small()
    assert set(composition(Personas([*personas, personas.mix({"drinkers": 1})]), survey)["persona"]) == {
        "drinkers",
        "others",
    }


def test_members_must_be_in_the_survey() -> None:
    personas, survey = small()
    with pytest.raises(SurveyError, match="no member of persona 'others' is in"):
        composition(personas, survey.select(respondents=[0, 1]))


def test_random_groups_are_seldom_called_different() -> None:
    """Two values in a hundred are rare, where tests on normal approximations fail."""
    chances = np.tile([0.02, 0.18, 0.3, 0.5], (5, 1))
    wrong = sum(composition(*drawn(chances, 300, seed, questions=1))["verdict"].ne("").any() for seed in range(200))
    assert wrong <= 0.05 * 200 + 2 * np.sqrt(200 * 0.05 * 0.95)


@pytest.mark.parametrize("most", [0.5, 0.9])
def test_groups_that_are_nearly_everybody_are_seldom_called_different(most: float) -> None:
    """The few outside decide then, and a binomial of the many would be far too sure of itself."""
    chances, wrong = np.array([[0.02, 0.18, 0.3, 0.5]]), 0
    for seed in range(300):
        everybody, survey = drawn(chances, 400, seed, questions=1)
        part = Personas([replace(everybody[0], members=survey.respondents[: int(most * 400)])])
        wrong += int(composition(part, survey)["verdict"].ne("").any())
    assert wrong <= 0.05 * 300 + 2 * np.sqrt(300 * 0.05 * 0.95)


def test_a_planted_trait_is_found_and_its_interval_holds_the_truth() -> None:
    chances = np.array([[0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])
    held, verdicts = [], []
    for seed in range(60):
        table = composition(*drawn(chances, 900, seed, questions=1)).query("value == '0'").set_index("persona")
        verdicts += [table["verdict"].tolist()[:2] == ["over", "under"]]
        held += ((table["low"] <= chances[:, 0]) & (chances[:, 0] <= table["high"])).tolist()
    assert np.mean(verdicts) > 0.8
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_values_stand_in_the_order_of_their_trait_under_its_label() -> None:
    personas, survey = small()
    sex = pd.Categorical(survey.traits["sex"], categories=["m", "other", "f"])
    ordered = replace(survey, traits=survey.traits.assign(sex=sex), trait_labels={"sex": "Sex of respondent"})
    table, before = composition(personas, ordered), composition(personas, survey)
    assert table["value"].tolist()[:4] == ["m", "f", "x", "y"]
    assert table["label"].tolist()[:4] == ["Sex of respondent", "Sex of respondent", "town", "town"]
    same = ["persona", "trait", "value"]
    pd.testing.assert_frame_equal(
        table.drop(columns="label").sort_values(same, ignore_index=True),
        before.drop(columns="label").sort_values(same, ignore_index=True),
    )
