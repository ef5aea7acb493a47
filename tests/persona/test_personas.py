"""Personas are found by position and name, sliced, mixed, asked for anybody's persona, saved and read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import RunError, SettingError, UnknownNameError
from personaspace.files import write_tensors
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.persona.soft_membership import soft_membership
from personaspace.survey.arrays import FloatArray
from personaspace.survey.simulate import simulate
from tests.persona.planted import Planted


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


def test_a_slice_keeps_notes_curve_and_its_own_rows(planted: Planted) -> None:
    personas = cluster_personas(planted.embedder, planted.survey, smallest=50)
    assert len(personas) == 4
    assert personas.curve is not None and personas.clusters is not None
    first = personas[:2]
    assert first.names == ("cluster-1", "cluster-2")
    assert first.notes == personas.notes and first.notes
    assert first.curve is not None and first.clusters is not None
    pd.testing.assert_frame_equal(first.curve, personas.curve)
    assert set(first.clusters["persona"]) == {"cluster-1", "cluster-2"}
    kept = personas.clusters[personas.clusters["persona"].isin(first.names)].reset_index(drop=True)
    pd.testing.assert_frame_equal(first.clusters, kept)


def test_a_slice_keeps_its_own_components_of_the_mixture(planted: Planted) -> None:
    personas = cluster_personas(planted.embedder, planted.survey, k=4, method="gaussian")
    some = personas[::2]
    assert personas.mixture is not None and some.mixture is not None
    np.testing.assert_array_equal(some.mixture.components.centres, personas.mixture.components.centres[[0, 2]])
    assert some.mixture.components.shares.sum() == pytest.approx(1)
    line = np.linspace(some.vectors[0], some.vectors[1], 9, dtype=np.float32)
    whole = soft_membership(planted.embedder, personas, line)[list(some.names)]
    whole, kept = whole[whole.sum(axis=1) > 1e-9], soft_membership(planted.embedder, some, line)
    assert len(whole) >= 4
    np.testing.assert_allclose(kept.loc[whole.index], whole.div(whole.sum(axis=1), axis=0), rtol=1e-4, atol=1e-9)
    assert personas[4:].mixture is None


def test_every_respondent_has_the_persona_they_are_members_of(planted: Planted, four: Personas) -> None:
    names = four.of(planted.embedder)
    assert names.index.tolist() == list(planted.embedder.ids_)
    for persona in four:
        assert set(names[names == persona.name].index) == set(persona.members)
    some = Personas([four[2], Persona("again", "cluster", four[1].vector, (*four[1].members, *four[2].members))])
    names = some.of(planted.embedder)
    assert (names[list(four[2].members)] == "cluster-3").all()
    assert (names[list(four[1].members)] == "again").all()
    assert set(names[names.isna()].index) == {*four[0].members, *four[3].members}


def test_new_people_get_the_persona_nearest_by_expected_answers(planted: Planted, four: Personas) -> None:
    names = four.of(planted.embedder, planted.embedder.respondents_)
    assert names.tolist() == four.of(planted.embedder).tolist()
    assert names.index.tolist() == list(range(300))
    assert four.of(planted.embedder, four.vectors[[3, 0]]).tolist() == ["cluster-4", "cluster-1"]
    assert four[1:].of(planted.embedder, np.empty((0, 4), np.float32)).empty
    with pytest.raises(SettingError, match="nobody can belong"):
        four[4:].of(planted.embedder, four.vectors)
    with pytest.raises(SettingError, match=r"expected \[n, 4\]"):
        four.of(planted.embedder, np.zeros((2, 3), np.float32))


def test_a_mixture_lies_between() -> None:
    mixture = two().mix({"left": 3, "right": 1})
    assert (mixture.name, mixture.kind, mixture.members) == ("0.75 left + 0.25 right", "mixture", ())
    np.testing.assert_allclose(mixture.vector, [0.75, 0.5])


@pytest.mark.parametrize("weights", [{}, {"left": 0}, {"left": -1, "right": 2}, {"left": float("nan")}])
def test_bad_mixtures(weights: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="weights are finite, at least 0, and one is above 0"):
        two().mix(weights)


def test_saved_and_read_again_equal(planted: Planted, tmp_path: Path) -> None:
    saved = cluster_personas(planted.embedder, planted.survey)
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
        ({"format": 99}, "not of format 1"),
        ({"personas": []}, r"'vectors' has shape \[2, 2\], expected \[0, any\]"),
        ({"personas": [{"name": "left"}, {"name": "right"}]}, "at personas.0.kind: field required"),
        (
            {"personas": [{"name": "x", "kind": "alien", "share": 1, "members": []}] * 2},
            "at personas.0.kind: input should be 'individual'",
        ),
    ],
)
def test_files_that_are_not_personas_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    two().save(tmp_path)
    path = tmp_path / "personas.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError, match=message):
        Personas.load(tmp_path)


def test_a_mixture_saved_under_other_names_is_refused(tmp_path: Path) -> None:
    two().save(tmp_path)
    write_tensors(tmp_path / "centroids.safetensors", {"vectors": two().vectors, "cloud_mean": np.zeros(2)})
    with pytest.raises(RunError, match="lacks the array 'mixture_mean'"):
        Personas.load(tmp_path)


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        Personas.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("vectors", "says"), [(np.full((2, 2), np.nan), "not finite numbers"), (np.zeros((3, 2)), r"shape \[3, 2\]")]
)
def test_vectors_that_are_no_points_are_refused(vectors: FloatArray, says: str, tmp_path: Path) -> None:
    two().save(tmp_path)
    write_tensors(tmp_path / "centroids.safetensors", {"vectors": vectors})
    with pytest.raises(RunError, match=says):
        Personas.load(tmp_path)


def test_members_are_known_and_there_once(tmp_path: Path) -> None:
    embedder = Factorization(dim=2, epochs=1).fit(simulate(respondents=20))
    point = np.zeros(2, np.float32)
    Personas([Persona("a", "cluster", point, ("r01", "r01"))]).save(tmp_path)
    with pytest.raises(RunError, match=r"persona 'a' has the member 'r01' twice"):
        Personas.load(tmp_path)
    Personas([Persona("a", "cluster", point, ("r01", "eve"))]).save(tmp_path)
    with pytest.raises(RunError, match=r"1 member\(s\) of personas are no respondents of the embedder, first 'eve'"):
        Personas.load(tmp_path).check_made_from(embedder, tmp_path)
    Personas([Persona("a", "cluster", np.zeros(3, np.float32), ("r01",))]).save(tmp_path)
    with pytest.raises(RunError, match="vectors of length 3, the embedder of 2"):
        Personas.load(tmp_path).check_made_from(embedder, tmp_path)


def test_a_notebook_shows_them_as_a_table_and_no_name_is_part_of_it() -> None:
    shown = two()._repr_html_()
    assert [cell in shown for cell in ("left", "2", "60.0%")] == [True] * 3
    evil = Personas([Persona("<script>", "cluster", np.zeros(2, np.float32), ("a",), 1.0)])
    assert "&lt;script&gt;" in evil._repr_html_() and "<script>" not in evil._repr_html_()
