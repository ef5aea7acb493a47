"""Individual personas are the respondents; demographic personas are weighted means of their members."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.persona.groups import demographic_personas, individual_personas
from tests.persona.planted import Planted


def test_individual_personas_are_the_respondents(planted: Planted) -> None:
    personas = individual_personas(planted.embedder)
    assert personas.names[:2] == ("respondent-r0", "respondent-r1")
    np.testing.assert_array_equal(personas.vectors, planted.embedder.respondents_)
    assert personas[5].members == ("r5",)
    assert sum(persona.share for persona in personas) == pytest.approx(1)


def test_individual_personas_have_the_share_of_their_weight(planted: Planted) -> None:
    personas = individual_personas(planted.embedder, planted.survey.select(respondents=np.arange(300)[::-1]))
    weights = planted.survey.weight
    np.testing.assert_allclose([persona.share for persona in personas], weights / weights.sum())
    assert weights.min() < weights.max()
    with pytest.raises(SurveyError, match="290 of the embedder's 300 respondents are not in the survey"):
        individual_personas(planted.embedder, planted.survey.select(respondents=range(10)))


def test_demographic_personas_are_weighted_means(planted: Planted) -> None:
    personas = demographic_personas(planted.embedder, planted.survey, "party")
    assert personas.names == ("party=R", "party=O", "party=D", "party=I")
    rows = np.flatnonzero(planted.survey.traits["party"] == "D")
    weights = planted.survey.weight[rows]
    expected = np.average(planted.embedder.respondents_[rows], axis=0, weights=weights)
    np.testing.assert_allclose(personas["party=D"].vector, expected, rtol=1e-5)
    assert personas["party=D"].share == pytest.approx(weights.sum() / planted.survey.weight.sum())
    assert set(personas["party=D"].members) == {planted.survey.respondents[row] for row in rows}


def test_the_survey_may_list_respondents_in_another_order(planted: Planted) -> None:
    reversed_survey = planted.survey.select(respondents=np.arange(len(planted.truth))[::-1])
    there = demographic_personas(planted.embedder, planted.survey, "party")
    back = demographic_personas(planted.embedder, reversed_survey, "party")
    assert there.names == back.names
    np.testing.assert_allclose(there.vectors, back.vectors, rtol=1e-5)


def test_demographic_personas_want_a_known_trait_and_their_respondents(planted: Planted) -> None:
    with pytest.raises(UnknownNameError, match="unknown trait 'partei': did you mean 'party'"):
        demographic_personas(planted.embedder, planted.survey, "partei")
    with pytest.raises(SurveyError, match="290 of the embedder's 300 respondents are not in the survey"):
        demographic_personas(planted.embedder, planted.survey.select(respondents=range(10)), "party")


def test_demographic_personas_follow_the_order_of_their_trait(planted: Planted) -> None:
    party = pd.Categorical(planted.survey.traits["party"], categories=["I", "R", "none", "D", "O"])
    personas = demographic_personas(
        planted.embedder, replace(planted.survey, traits=pd.DataFrame({"party": party})), "party"
    )
    assert personas.names == ("party=I", "party=R", "party=D", "party=O")
    by_size = demographic_personas(planted.embedder, planted.survey, "party")
    assert all(personas[name].members == by_size[name].members for name in personas.names)
