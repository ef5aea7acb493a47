"""Expected answers take the place of given ones, marked, over everybody the embedder placed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.personas import Personas
from personaspace.profiles.questions import distinguishing_questions, separating_questions

from .conftest import Planted


@pytest.fixture(scope="module")
def personas(planted: Planted) -> Personas:
    return ClusterPersonas(k=4).fit(planted.space, planted.survey)


def test_imputed_shares_are_weighted_means_of_predictions(planted: Planted, personas: Personas) -> None:
    space, survey, _ = planted
    table = distinguishing_questions(personas, survey, imputed_by=space)
    chances = space.predict(space.respondents_).astype(np.float64)
    population = np.average(chances, axis=0, weights=survey.weight)
    rows = [survey.respondent_index[name] for name in personas["cluster-2"].members]
    own = np.average(chances[rows], axis=0, weights=survey.weight[rows])
    tv = np.abs(own - population).reshape(-1, 3).sum(axis=1) / 2
    mine = table[table["persona"] == "cluster-2"].set_index("question")
    np.testing.assert_allclose(mine.loc[[f"q{j}" for j in range(40)], "tv"], tv, atol=1e-6)
    assert mine["rank"].tolist() == list(range(1, 41))
    assert mine["tv"].is_monotonic_decreasing
    assert set(table["answers"]) == {"imputed"}
    assert table["low"].isna().all()


def test_questions_nobody_was_asked_can_be_compared_and_kinds_never_mix(planted: Planted, personas: Personas) -> None:
    space, survey, _ = planted
    some = survey.with_answers(survey.answers.question != 3)
    assert "q3" not in set(separating_questions(personas, some)["question"])
    imputed = separating_questions(personas, some, imputed_by=space)
    assert "q3" in set(imputed["question"])
    assert set(imputed["answers"]) == {"imputed"}
    assert set(separating_questions(personas, some)["answers"]) == {"given"}
    assert (imputed["pairs"] == 6).all()


def test_imputed_tables_stand_beside_the_others(planted: Planted, personas: Personas, tmp_path: Path) -> None:
    given, imputed = personas.profile(planted.survey), personas.profile(planted.survey, imputed_by=planted.space)
    assert given.cards.equals(imputed.cards)
    imputed.save_questions(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["distinguishing.csv", "separating.csv"]


def test_strangers_cannot_be_imputed(planted: Planted, personas: Personas) -> None:
    strangers = replace(planted.survey, respondents=tuple(f"x{i}" for i in range(300)))
    with pytest.raises(SurveyError, match="placed nobody"):
        distinguishing_questions(personas, strangers, imputed_by=planted.space)
