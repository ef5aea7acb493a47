"""Profiles say what a hand count says, and rank what was planted first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError, SurveyError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.groups import individual_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.composition import composition
from personaspace.profiles.questions import distinguishing_questions, separating_questions
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

from .conftest import Planted

TEA = Question("tea", "Tea?", (Option("no"), Option("yes")), "drinks")
MUSIC = Question("music", "Music?", (Option("none"), Option("some"), Option("much")), "arts")


def persona(name: str, members: str) -> Persona:
    return Persona(name, "cluster", np.zeros(2, np.float32), tuple(members))


def small() -> tuple[Personas, Survey]:
    """Ann and Bob drink tea, Cy and Dee do not; Bob counts three times as much as the others."""
    cells = np.array([(0, 0, 1), (1, 0, 1), (2, 0, 0), (3, 0, 0), (0, 1, 2), (1, 1, 0), (2, 1, 0), (3, 1, 0)]).T
    traits = pd.DataFrame({"sex": ["f", "m", "m", "f"], "town": ["x", None, "x", "y"]})
    survey = Survey(tuple("abcd"), (TEA, MUSIC), Answers(*cells), traits, np.array([1.0, 3.0, 1.0, 1.0]))
    return Personas([persona("drinkers", "ab"), persona("others", "cd")]), survey


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


def test_composition_shares_sum_to_one_for_any_survey(planted: Planted) -> None:
    personas = ClusterPersonas(k=3).fit(planted.space, planted.survey)
    sums = composition(personas, planted.survey).groupby(["persona", "trait"])[["share", "population_share"]].sum()
    assert len(sums) == 6
    np.testing.assert_allclose(sums, 1)


def test_distinguishing_questions_by_hand() -> None:
    table = distinguishing_questions(*small(), min_answers=1)
    first = table[table["persona"] == "drinkers"]
    assert first["question"].tolist() == ["tea", "music"]
    assert first["rank"].tolist() == [1, 2]
    assert first["tv"].tolist() == pytest.approx([1 / 3, 1 / 4 - 1 / 6])
    assert first["option"].tolist() == ["yes", "much"]
    assert first["share"].tolist() == pytest.approx([1, 1 / 4])
    assert first["population_share"].tolist() == pytest.approx([4 / 6, 1 / 6])
    assert first["respondents"].tolist() == [2, 2]
    assert set(first["answers"]) == {"given"}
    assert table["adjusted_p"].between(0, 1).all()


def test_separating_questions_by_hand() -> None:
    personas, survey = small()
    table = separating_questions(Personas([*personas, persona("mixed", "ac")]), survey, min_answers=1)
    assert table["question"].tolist() == ["tea", "music"]
    assert table["mean_tv"].tolist() == pytest.approx([(1 + 1 / 2 + 1 / 2) / 3, (1 / 4 + 1 / 4 + 1 / 2) / 3])
    assert table["pairs"].tolist() == [3, 3]
    assert table["rank"].tolist() == [1, 2]
    assert table["rank_in_topic"].tolist() == [1, 1]


def test_questions_with_few_answers_are_left_out() -> None:
    personas, survey = small()
    fewer = survey.with_answers(np.array([True] * 6 + [False, False]))
    assert distinguishing_questions(personas, fewer, 2)["question"].tolist() == ["tea", "music", "tea"]
    assert separating_questions(personas, fewer, 2)["question"].tolist() == ["tea"]
    assert distinguishing_questions(personas, survey).empty
    assert separating_questions(personas, survey).empty


def test_ranks_within_topics_follow_the_overall_order(planted: Planted) -> None:
    personas = ClusterPersonas(k=4).fit(planted.space)
    table = separating_questions(personas, planted.survey)
    assert table["low"].is_monotonic_decreasing
    assert len(table) == 40
    for _, topic in table.groupby("topic"):
        assert topic["rank_in_topic"].tolist() == list(range(1, len(topic) + 1))


def test_the_questions_that_were_planted_apart_come_first(planted: Planted) -> None:
    chances = planted.space.predict(2 * np.eye(4, dtype=np.float32)).reshape(4, -1, 3)
    pairs = [np.abs(chances[a] - chances[b]).sum(axis=1) / 2 for a in range(4) for b in range(a)]
    planted_apart = np.argsort(-np.mean(pairs, axis=0))[:10]
    table = separating_questions(ClusterPersonas(k=4).fit(planted.space), planted.survey)
    found = {int(name[1:]) for name in table["question"][:10]}
    assert len(found & set(planted_apart.tolist())) >= 8


def test_a_profile_is_saved_as_tables(tmp_path: Path) -> None:
    personas, survey = small()
    profile = personas.profile(survey)
    profile.save(tmp_path)
    names = ["cards.csv", "composition.csv", "distinguishing.csv", "separating.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    read = pd.read_csv(tmp_path / "composition.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(read, profile.composition, check_dtype=False)


def test_a_survey_without_traits_has_an_empty_composition() -> None:
    personas, survey = small()
    plain = Survey(survey.respondents, survey.questions, survey.answers)
    table = composition(personas, plain)
    assert table.empty
    assert "ratio" in table.columns


def test_only_groups_have_profiles(planted: Planted) -> None:
    with pytest.raises(SettingError, match="no persona has two members"):
        composition(individual_personas(planted.space), planted.survey)
    personas, survey = small()
    assert set(composition(Personas([*personas, personas.mix({"drinkers": 1})]), survey)["persona"]) == {
        "drinkers",
        "others",
    }


def test_members_must_be_in_the_survey() -> None:
    personas, survey = small()
    with pytest.raises(SurveyError, match="no member of persona 'others' is in"):
        composition(personas, survey.select(respondents=[0, 1]))
