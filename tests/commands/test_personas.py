"""``personaspace personas``: a paragraph for each persona."""

from __future__ import annotations

from pathlib import Path

from tests.commands.line import fail, succeed


def test_personas_are_described_in_words_and_as_json(fitted_run: Path, tmp_path: Path) -> None:
    shown = succeed("personas", fitted_run)
    assert "cluster-1 (“" in shown
    cards = succeed("personas", fitted_run, "--json", "--plot", tmp_path / "who.svg")["personas"]
    assert set(cards) == {"cluster-1", "cluster-2", "cluster-3"}
    assert cards["cluster-2"]["card"] in shown
    assert (tmp_path / "who.svg").exists()
    assert set(succeed("personas", fitted_run, "--json", "--persona", "cluster-2")["personas"]) == {"cluster-2"}


def test_names_are_checked(fitted_run: Path, tmp_path: Path) -> None:
    assert "end the name in .html" in fail("personas", fitted_run, "--plot", tmp_path / "who.pdf")
    assert "did you mean 'cluster-2'" in fail("personas", fitted_run, "--persona", "clster-2")


def test_a_label_that_a_person_gives_outlasts_another_fit_and_spoils_nothing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    fit = ("fit", "simulated", "--out", run, "--embedder", "factorization", "--use-everything")
    made = {one["persona"]: one["label"] for one in succeed(*fit, "--personas", "3", "--json")["personas"]}
    assert all(made.values())
    succeed("map", run, "--out", tmp_path / "map.html", "--sample", "50")
    before = (run / "map" / "points.csv").stat().st_mtime_ns
    renamed = succeed("personas", run, "--rename", "cluster-3=The\x1b[2J worried", "--json")["personas"]
    assert renamed["cluster-3"]["label"] == "The\x1b[2J worried"
    assert renamed["cluster-1"]["label"] == made["cluster-1"]
    for shown in (succeed("personas", run), succeed(*fit, "--personas", "3")):
        assert "The\\x1b[2J worried" in shown
        assert "\x1b[2J" not in shown
    assert "cluster-3 (“The\\x1b[2J worried”) stands for" in succeed("personas", run)
    succeed("map", run, "--out", tmp_path / "map.html", "--sample", "50")
    assert (run / "map" / "points.csv").stat().st_mtime_ns == before
    again = {one["persona"]: one["label"] for one in succeed(*fit, "--personas", "4", "--json")["personas"]}
    assert again["cluster-3"] == "The\x1b[2J worried"
    assert set(again) == {"cluster-1", "cluster-2", "cluster-3", "cluster-4"}
    assert len(set(again.values())) == 4
    gone = succeed("personas", run, "--rename", "cluster-3=", "--json")["personas"]["cluster-3"]["label"]
    assert gone not in ("", "The\x1b[2J worried")


def test_labels_are_checked(fitted_run: Path) -> None:
    assert "did you mean 'cluster-2'" in fail("personas", fitted_run, "--rename", "clster-2=x")
    assert "--rename 'cluster-2': write PERSONA=LABEL" in fail("personas", fitted_run, "--rename", "cluster-2")
    assert "is what 'cluster-1" in fail("personas", fitted_run, "--rename", "cluster-2=cluster-1")
