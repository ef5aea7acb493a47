"""``personaspace map``: a map is made once and coloured anew."""

from __future__ import annotations

from pathlib import Path

from tests.commands.line import fail, succeed


def test_maps_are_kept_and_coloured_anew(own_run: Path, tmp_path: Path) -> None:
    about = succeed("map", own_run, "--out", tmp_path / "map.html", "--json")
    assert about["shown"] == about["respondents"] == 64
    assert {row["what"] for row in about["neighbours"]} == {"questions", "trait", "style"}
    before = (own_run / "map" / "points.csv").stat().st_mtime_ns
    succeed("map", own_run, "--color", "age", "--out", tmp_path / "age.png")
    assert (own_run / "map" / "points.csv").stat().st_mtime_ns == before
    assert "did you mean 'age'" in fail("map", own_run, "--color", "agee", "--seed", "1")
    assert (own_run / "map" / "points.csv").stat().st_mtime_ns == before
    assert "end the name in .html" in fail("map", own_run, "--out", tmp_path / "map.pdf")
