"""``personaspace personas``: a paragraph for each persona."""

from __future__ import annotations

from pathlib import Path

from tests.commands.line import fail, succeed


def test_personas_are_described_in_words_and_as_json(fitted_run: Path, tmp_path: Path) -> None:
    shown = succeed("personas", fitted_run)
    assert "cluster-1 stands for" in shown
    cards = succeed("personas", fitted_run, "--json", "--plot", tmp_path / "who.svg")["personas"]
    assert set(cards) == {"cluster-1", "cluster-2", "cluster-3"}
    assert cards["cluster-2"]["card"] in shown
    assert (tmp_path / "who.svg").exists()
    assert set(succeed("personas", fitted_run, "--json", "--persona", "cluster-2")["personas"]) == {"cluster-2"}


def test_names_are_checked(fitted_run: Path, tmp_path: Path) -> None:
    assert "end the name in .html" in fail("personas", fitted_run, "--plot", tmp_path / "who.pdf")
    assert "did you mean 'cluster-2'" in fail("personas", fitted_run, "--persona", "clster-2")
