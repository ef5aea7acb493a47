"""Maps keep neighbours together, are the same for the same seed, and refuse what cannot be drawn."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import RunError, SettingError, SurveyError, UnknownNameError
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.map import Map, Placer, map_respondents
from personaspace.persona.personas import Personas
from tests.persona.planted import Planted, plant


@pytest.fixture(scope="module")
def drawn(planted: Planted, four: Personas) -> Map:
    return map_respondents(planted.embedder, four, seed=3, survey=planted.survey)


def test_planted_clusters_lie_apart(planted: Planted, drawn: Map) -> None:
    places = drawn.points[["x", "y"]].to_numpy()
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (planted.truth[distance.argmin(axis=1)] == planted.truth).mean() > 0.98


def test_a_name_stands_among_its_members(drawn: Map) -> None:
    for row in drawn.personas.to_dict("records"):
        members = drawn.points[drawn.points["persona"] == row["persona"]]
        assert ((members["x"] == row["x"]) & (members["y"] == row["y"])).any()
    assert drawn.personas["persona"].tolist() == [f"cluster-{i}" for i in range(1, 5)]


def test_new_people_are_placed_among_those_who_answer_alike(planted: Planted, drawn: Map) -> None:
    places = drawn.points[["x", "y"]].to_numpy()
    placed = Placer(drawn, planted.embedder).place(planted.embedder.respondents_)
    nearest = np.linalg.norm(placed[:, None] - places[None], axis=2).argmin(axis=1)
    assert (planted.truth[nearest] == planted.truth).mean() > 0.98


def test_the_seed_decides(planted: Planted, four: Personas, drawn: Map) -> None:
    again = map_respondents(planted.embedder, four, seed=3)
    pd.testing.assert_frame_equal(again.points, drawn.points)
    few, other = (map_respondents(planted.embedder, four, seed=seed, sample=50) for seed in (0, 2**32 - 1))
    assert (len(few.points), few.respondents) == (50, 300)
    assert set(few.points["id"]) != set(other.points["id"])


def test_saved_and_read_again_equal(drawn: Map, tmp_path: Path) -> None:
    drawn.save(tmp_path)
    read = Map.load(tmp_path)
    pd.testing.assert_frame_equal(read.points, drawn.points, check_dtype=False)
    assert (read.method, read.respondents, read.seed) == ("tsne", 300, 3)
    assert read.neighbours is not None and drawn.neighbours is not None
    pd.testing.assert_frame_equal(read.neighbours, drawn.neighbours)
    about = json.loads((tmp_path / "map.json").read_text())
    del about["neighbours"]
    (tmp_path / "map.json").write_text(json.dumps(about))
    assert Map.load(tmp_path).neighbours is None  # saved by an earlier version
    (tmp_path / "points.csv").unlink()
    with pytest.raises(RunError, match=r"points\.csv is missing"):
        Map.load(tmp_path)


def test_umap_draws_too_or_says_what_to_install(
    planted: Planted, four: Personas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(SettingError, match=r"pip install 'personaspace\[umap\]'"):
        map_respondents(planted.embedder, four, method="umap", sample=40)


def test_what_cannot_be_drawn(planted: Planted, four: Personas) -> None:
    with pytest.raises(UnknownNameError, match="unknown method 'tsn': did you mean 'tsne'"):
        map_respondents(planted.embedder, four, method="tsn")
    with pytest.raises(SettingError, match="sample is 3: give a whole number from 4 up"):
        map_respondents(planted.embedder, four, sample=3)
    with pytest.raises(SettingError, match="seed is -1"):
        map_respondents(planted.embedder, four, seed=-1)


def test_neighbours_are_compared_with_chance(planted: Planted, four: Personas, drawn: Map) -> None:
    assert drawn.neighbours is not None
    found = drawn.neighbours.set_index("name")
    share, chance = found["share"].to_dict(), found["chance"].to_dict()
    assert share["party"] > 0.95 > 0.5 > chance["party"]
    assert share["sex"] == pytest.approx(0.5, abs=0.05)
    assert share["questions answered"] == chance["questions answered"] == 1
    few = map_respondents(planted.embedder, four, seed=3, sample=50, survey=planted.survey)
    assert few.neighbours is not None
    assert few.neighbours.set_index("name")["share"].to_dict()["party"] > 0.7
    assert map_respondents(planted.embedder, four, sample=4, survey=planted.survey).neighbours is not None
    with pytest.raises(SurveyError, match="300 respondents are not in the survey"):
        map_respondents(planted.embedder, four, survey=planted.survey.select(np.arange(10)))


def test_a_survey_in_place_of_personas_is_named(planted: Planted) -> None:
    with pytest.raises(SettingError, match="is not a persona: give personas, one of them, or a list"):
        map_respondents(planted.embedder, planted.survey)  # type: ignore[arg-type]


def test_four_respondents_and_one_persona_are_enough(planted: Planted) -> None:
    one = cluster_personas(planted.embedder, planted.survey, k=1)
    drawn = map_respondents(planted.embedder, one, sample=4)
    assert np.isfinite(drawn.points[["x", "y"]].to_numpy()).all()
    assert len(drawn.personas) == 1


def test_people_who_are_expected_to_answer_alike_are_drawn_too() -> None:
    """Their points are equal, in which t-SNE's usual start would crash the process."""
    alike = plant(np.array([10, 10, 10, 10]))
    alike.embedder.respondents_[:] = 1
    drawn = map_respondents(alike.embedder, cluster_personas(alike.embedder, k=1))
    assert np.isfinite(drawn.points[["x", "y"]].to_numpy()).all()


def test_a_map_of_hostile_names_comes_back_and_holds_no_formula(drawn: Map, tmp_path: Path) -> None:
    names = ["=1+1", "'=2", "@x", "-y", "-3", *drawn.points["id"][5:]]
    hostile = replace(drawn, points=drawn.points.assign(id=names, persona=["+1+1", *drawn.points["persona"][1:]]))
    hostile.save(tmp_path)
    pd.testing.assert_frame_equal(Map.load(tmp_path).points, hostile.points, check_dtype=False)
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert not [line for line in lines if line.startswith(("=", "@", "-y")) or ",+" in line]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("map.json", '"respondents": 300', '"respondents": "many"', "at respondents: input should be a valid integer"),
        ("map.json", '"chance": 1.0', '"chance": "high"', "at neighbours.0.chance: input should be a valid number"),
        ("map.json", '"respondents": 300', '"respondents": 3', "does not hold a map of 3 respondents"),
        ("points.csv", "id,x,y", "id,x,z", "lacks finite numbers x, y"),
        ("personas.csv", "persona,x", "persona,z", "lacks finite numbers x, y, share"),
        ("points.csv", "persona\n", "no\n", "is not readable"),
    ],
)
def test_a_damaged_map_is_named(drawn: Map, name: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    drawn.save(tmp_path)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace(old, new, 1))
    assert old in text
    with pytest.raises(RunError, match=says):
        Map.load(tmp_path)


def test_a_map_shows_itself_in_a_notebook(drawn: Map) -> None:
    evil = replace(drawn, personas=drawn.personas.assign(persona="<b>"), method="<i>")
    assert "300 of 300 respondents" in drawn._repr_html_()
    assert f"{drawn.personas['share'].iloc[0]:.1%}" in drawn._repr_html_()
    assert "<b>" not in evil._repr_html_()
    assert "<i>" not in evil._repr_html_()
