"""A run folder from a stranger: nothing outside it is deleted, read or overwritten; a damaged manifest is one error."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaspace.errors import RunError
from personaspace.files import write_json
from personaspace.runs.fitted import open_run
from personaspace.runs.run import Run
from tests.commands.line import fail


def one_file(folder: Path) -> None:
    write_json(folder / "one.json", {"value": 1})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = Run.create(tmp_path / "run")
    run.stage("map", {"k": 1}, (), one_file)
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "one.json").write_text("mine")
    return run.folder


def changed(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((run / "manifest.json").read_text())
    change(content)
    (run / "manifest.json").write_text(json.dumps(content))


@pytest.mark.parametrize("path", [
    "../victim/one.json", "map/../../victim/one.json", "/etc/hosts", "{victim}/one.json", "map", "survey/one.json",
    "", ".", "map/..", "map\\..\\one", "./map/one.json",
])  # fmt: skip
def test_files_outside_a_stage_s_folder_are_refused(run: Path, path: str) -> None:
    named = path.replace("{victim}", str(run.parent / "victim"))
    changed(run, lambda content: content["stages"]["map"]["files"].update({named: "0" * 64}))
    with pytest.raises(RunError, match="which is not in its folder"):
        Run.open(run)
    assert (run.parent / "victim" / "one.json").read_text() == "mine"


@pytest.mark.parametrize("name", ["../victim", "/tmp", "a/b", "", ".", "..", ".lock", "map\n"])  # noqa: S108
def test_names_of_stages_are_not_trusted(run: Path, name: str) -> None:
    changed(run, lambda content: content["stages"].update({name: content["stages"]["map"] | {"files": {}}}))
    with pytest.raises(RunError, match="is damaged, at stages"):
        Run.open(run)


@pytest.mark.parametrize("change", [
    lambda content: content.update(stages=[]),
    lambda content: content["stages"].update(map=None),
    lambda content: content["stages"]["map"].pop("settings"),
    lambda content: content["stages"]["map"].pop("files"),
    lambda content: content["stages"]["map"].pop("inputs"),
    lambda content: content["stages"]["map"].update(files=["map/one.json"]),
    lambda content: content["stages"]["map"].update(inputs={"survey": 3}),
    lambda content: content["stages"]["map"].update(settings="k"),
    lambda content: content["stages"]["map"].update(notes={"source": 3}),
])  # fmt: skip
def test_missing_keys_and_wrong_types_are_one_error(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    changed(run, change)
    with pytest.raises(RunError, match=r"manifest.json is damaged, at stages"):
        Run.open(run)


@pytest.mark.parametrize("change", [
    lambda settings: settings.pop("split"),
    lambda settings: settings.update(split=[]),
    lambda settings: settings.update(split={"held_out_answers": 7}),
    lambda settings: settings.update(split={"seed": "x"}),
])  # fmt: skip
def test_settings_are_checked_where_they_are_used(
    fitted_run: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    run = shutil.copytree(fitted_run, tmp_path / "run")
    changed(run, lambda content: change(content["stages"]["survey"]["settings"]))
    changed(run, lambda content: [stage.update(inputs={}) for stage in content["stages"].values()])
    with pytest.raises(RunError, match="is damaged in the settings of stage 'survey'"):
        open_run(run).split  # noqa: B018
    assert "damaged in the settings" in fail("personas", run)


def linked_stage(run: Path) -> None:
    shutil.rmtree(run / "map")
    (run / "map").symlink_to(run.parent / "victim")


def linked_file(run: Path) -> None:
    (run / "map" / "one.json").unlink()
    (run / "map" / "one.json").symlink_to(run.parent / "victim" / "one.json")


def linked_beside(run: Path) -> None:
    (run / "map" / "more").symlink_to(run.parent / "victim")


def pipe(run: Path) -> None:
    (run / "map" / "one.json").unlink()
    os.mkfifo(run / "map" / "one.json")


@pytest.mark.parametrize("change", [linked_stage, linked_file, linked_beside, pipe])
def test_links_out_of_a_run_are_not_followed(run: Path, change: Callable[[Path], None]) -> None:
    change(run)
    with pytest.raises(RunError, match="leads out of the run folder, or is neither"):
        Run.open(run).require("map", "map")
    assert Run.open(run).stage("map", {"k": 1}, (), one_file)
    assert (run.parent / "victim" / "one.json").read_text() == "mine"
    assert Run.open(run).require("map", "map") == run / "map"


def test_links_in_place_of_what_a_writer_writes_are_not_followed(run: Path) -> None:
    victim = run.parent / "victim"
    partial = Run.open(run).unfinished("map", {"k": 2}, ())
    partial.mkdir()
    (partial / "checkpoint").symlink_to(victim)
    (partial / "one.json").symlink_to(victim / "one.json")
    (run / ".manifest.json.1.tmp").symlink_to(victim / "one.json")
    (run / ".other.0-0.partial").symlink_to(victim)
    Run.open(run).stage("map", {"k": 2}, (), lambda folder: write_json(folder / "checkpoint" / "state.json", 1))
    assert {path.name: path.read_text() for path in victim.iterdir()} == {"one.json": "mine"}
    (run / ".lock").unlink()
    (run / ".lock").symlink_to(victim / "lock")
    with pytest.raises(RunError, match="cannot write"):
        Run.open(run).stage("map", {"k": 3}, (), one_file)
    assert not (victim / "lock").exists()


def test_a_manifest_elsewhere_is_not_read(run: Path) -> None:
    (run / "manifest.json").rename(run.parent / "victim" / "manifest.json")
    (run / "manifest.json").symlink_to(run.parent / "victim" / "manifest.json")
    with pytest.raises(RunError, match="is not a file of this folder"):
        Run.open(run)
