"""Personas are found by place and name, mixed, saved and read again; groups are means of their members."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import RunError, SettingError, SurveyError, UnknownNameError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.groups import demographic_personas, individual_personas
from personaspace.persona.personas import Persona, Personas

from .conftest import Planted


def two() -> Personas:
    vectors = np.array([[1, 0], [0, 2]], np.float32)
    return Personas(
        [Persona("left", "cluster", vectors[0], ("a", "b"), 0.6), Persona("right", "cluster", vectors[1], ("c",), 0.4)]
    )


def test_found_by_place_by_name_and_in_order() -> None:
    personas = two()
    assert [persona.name for persona in personas] == ["left", "right"] == list(personas.names)
    assert personas["right"] is personas[1] is personas[-1]
    assert personas[:1].names == ("left",)
    assert personas[0] in personas
    assert personas.vectors.dtype == np.float32
    np.testing.assert_array_equal(personas.vectors, [[1, 0], [0, 2]])


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown persona 'rihgt': did you mean 'right'"):
        two()["rihgt"]
    with pytest.raises(IndexError):
        two()[2]


def test_names_are_unique_and_vectors_of_one_space() -> None:
    left, right = two()
    with pytest.raises(SettingError, match="two personas are called 'left'"):
        Personas([left, right, left])
    with pytest.raises(SettingError, match="differ in length"):
        Personas([left, Persona("odd", "cluster", np.zeros(3, np.float32))])


def test_a_mixture_lies_between() -> None:
    mixture = two().mix({"left": 3, "right": 1})
    assert (mixture.name, mixture.kind, mixture.members) == ("0.75 left + 0.25 right", "mixture", ())
    np.testing.assert_allclose(mixture.vector, [0.75, 0.5])


@pytest.mark.parametrize("weights", [{}, {"left": 0}, {"left": -1, "right": 2}, {"left": float("nan")}])
def test_bad_mixtures(weights: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="weights are finite, at least 0, and one is above 0"):
        two().mix(weights)


def test_saved_and_read_again_equal(planted: Planted, tmp_path: Path) -> None:
    saved = ClusterPersonas(k="elbow").fit(planted.space, planted.survey)
    saved.save(tmp_path)
    read = Personas.load(tmp_path)
    for before, after in zip(saved, read, strict=True):
        assert (before.name, before.kind, before.members) == (after.name, after.kind, after.members)
        assert before.share == after.share
        np.testing.assert_array_equal(before.vector, after.vector)
    assert saved.curve is not None and read.curve is not None
    pd.testing.assert_frame_equal(saved.curve, read.curve)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["centroids.safetensors", "personas.json"]


def test_a_curve_with_gaps_and_no_curve_survive(tmp_path: Path) -> None:
    gaps = pd.DataFrame({"k": [1, 2], "loss": [2.0, 1.0], "silhouette": [np.nan, 0.5]})
    Personas(two(), gaps).save(tmp_path)
    read = Personas.load(tmp_path)
    assert read.curve is not None
    pd.testing.assert_frame_equal(gaps, read.curve)
    two().save(tmp_path)
    assert Personas.load(tmp_path).curve is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "format 99, this version reads 1"),
        ({"personas": []}, "do not describe personas"),
        ({"personas": [{"name": "left"}, {"name": "right"}]}, "do not describe personas"),
        ({"personas": [{"name": "x", "kind": "alien", "share": 1, "members": []}] * 2}, "unknown kind 'alien'"),
    ],
)
def test_files_that_are_not_personas_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    two().save(tmp_path)
    path = tmp_path / "personas.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError, match=message):
        Personas.load(tmp_path)


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        Personas.load(tmp_path / "nowhere")


def test_individual_personas_are_the_respondents(planted: Planted) -> None:
    personas = individual_personas(planted.space)
    assert personas.names[:2] == ("respondent-r0", "respondent-r1")
    np.testing.assert_array_equal(personas.vectors, planted.space.respondents_)
    assert personas[5].members == ("r5",)
    assert sum(persona.share for persona in personas) == pytest.approx(1)


def test_demographic_personas_are_weighted_means(planted: Planted) -> None:
    personas = demographic_personas(planted.space, planted.survey, "party")
    assert personas.names == ("party=R", "party=O", "party=D", "party=I")
    rows = np.flatnonzero(planted.survey.traits["party"] == "D")
    weights = planted.survey.weight[rows]
    expected = np.average(planted.space.respondents_[rows], axis=0, weights=weights)
    np.testing.assert_allclose(personas["party=D"].vector, expected, rtol=1e-5)
    assert personas["party=D"].share == pytest.approx(weights.sum() / planted.survey.weight.sum())
    assert set(personas["party=D"].members) == {planted.survey.respondents[row] for row in rows}


def test_the_survey_may_list_respondents_in_another_order(planted: Planted) -> None:
    reversed_survey = planted.survey.select(respondents=np.arange(len(planted.truth))[::-1])
    there = demographic_personas(planted.space, planted.survey, "party")
    back = demographic_personas(planted.space, reversed_survey, "party")
    assert there.names == back.names
    np.testing.assert_allclose(there.vectors, back.vectors, rtol=1e-5)


def test_demographic_personas_want_a_known_trait_and_their_respondents(planted: Planted) -> None:
    with pytest.raises(UnknownNameError, match="unknown trait 'partei': did you mean 'party'"):
        demographic_personas(planted.space, planted.survey, "partei")
    with pytest.raises(SurveyError, match="290 of the embedder's 300 respondents are not in the survey"):
        demographic_personas(planted.space, planted.survey.select(respondents=range(10)), "party")
