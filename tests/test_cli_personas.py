"""The commands that show what personas are: personas, variance, map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from personaspace.cli import app
from personaspace.errors import PersonaSpaceError


def succeed(*arguments: str | Path) -> Any:
    """What a command prints, in this process: starting one takes seconds."""
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def fail(*arguments: str | Path) -> str:
    """The message of the error with which a command ends."""
    error = CliRunner().invoke(app, [*map(str, arguments)]).exception
    assert isinstance(error, PersonaSpaceError)
    return str(error)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from personaspace.runs.fit import fit_run
    from personaspace.runs.run import Run
    from personaspace.survey.simulate import simulate

    folder = tmp_path_factory.mktemp("runs") / "run"
    fit_run(Run.create(folder), simulate(respondents=150), embedder="factorization", personas=3)
    return folder


def test_personas_are_told_in_words_and_as_json(run: Path, tmp_path: Path) -> None:
    told = succeed("personas", run)
    assert "cluster-1 stands for" in told
    cards = succeed("personas", run, "--json", "--plot", tmp_path / "who.svg")["personas"]
    assert set(cards) == {"cluster-1", "cluster-2", "cluster-3"}
    assert cards["cluster-2"]["card"] in told
    assert (tmp_path / "who.svg").exists()
    profile = run / "personas" / "profile"
    assert {path.name for path in profile.rglob("*.csv")} == {
        "cards.csv", "composition.csv", "distinguishing.csv", "separating.csv"
    }  # fmt: skip
    assert (profile / "imputed" / "distinguishing.csv").exists()
    assert "end the name in .html" in fail("personas", run, "--plot", tmp_path / "who.pdf")
    assert "did you mean 'cluster-2'" in fail("personas", run, "--persona", "clster-2")


def test_variance_compares_personas_with_groups(run: Path) -> None:
    rows = {row["grouping"]: row for row in succeed("variance", run, "--k", "2", "--json")["rows"]}
    assert {"own vectors", "3 cluster personas", "2 cluster personas", "age", "every trait together"} <= set(rows)
    assert rows["own vectors"]["asked"] is None
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize("command", ["personas", "variance", "map"])
def test_help_gives_an_example(command: str) -> None:
    assert "Example: personaspace" in succeed(command, "--help")


def test_maps_are_kept_and_coloured_anew(run: Path, tmp_path: Path) -> None:
    about = succeed("map", run, "--out", tmp_path / "map.html", "--json")
    assert about["shown"] == about["respondents"] == 120
    before = (run / "map" / "points.csv").stat().st_mtime_ns
    succeed("map", run, "--color", "age", "--out", tmp_path / "age.png")
    assert (run / "map" / "points.csv").stat().st_mtime_ns == before
    assert "did you mean 'age'" in fail("map", run, "--color", "agee", "--seed", "1")
    assert (run / "map" / "points.csv").stat().st_mtime_ns == before
    assert "end the name in .html" in fail("map", run, "--out", tmp_path / "map.pdf")
