"""A run folder: finished stages stay finished, and every other state of a folder has an error of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from personaspace.errors import RunError
from personaspace.files import write_json, write_text
from personaspace.runs.run import Run


def write_one(folder: Path) -> None:
    write_json(folder / "one.json", {"value": 1})


def test_a_current_stage_is_not_done_again(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    assert run.stage("survey", {"seed": 0}, (), write_one)
    assert not Run.open(tmp_path / "run").stage("survey", {"seed": 0}, (), write_one)


def test_other_settings_or_earlier_stages_mean_doing_it_again(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {"seed": 0}, (), write_one)
    assert run.stage("embedding", {}, ("survey",), write_one)
    assert run.stage("survey", {"seed": 1}, (), lambda folder: write_json(folder / "one.json", {"value": 2}))
    with pytest.raises(RunError, match="'embedding' is older than 'survey': run `personaspace fit` again"):
        run.require("embedding", "fit")
    assert run.stage("embedding", {}, ("survey",), write_one)
    assert run.require("embedding", "fit") == tmp_path / "run" / "embedding"


def test_settings_make_later_stages_stale_even_where_files_stay_the_same_but_notes_do_not(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {"split": 0.2}, (), write_one)
    run.stage("embedding", {}, ("survey",), write_one)
    run.note("survey", {"source": "/elsewhere"})
    assert not run.stage("embedding", {}, ("survey",), write_one)
    run.stage("survey", {"split": 0.5}, (), write_one)
    with pytest.raises(RunError, match="'embedding' is older than 'survey'"):
        run.require("embedding", "fit")
    assert run.stage("embedding", {}, ("survey",), write_one)


def test_files_of_other_settings_do_not_stay_behind(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("personas", {"k": 3}, (), lambda folder: write_text(folder / "three.csv", "3"))
    run.stage("personas", {"k": 2}, (), lambda folder: write_text(folder / "two.csv", "2"))
    assert [path.name for path in (tmp_path / "run" / "personas").iterdir()] == ["two.csv"]


def test_an_interrupted_stage_leaves_its_files_to_be_resumed_from(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")

    def interrupted(folder: Path) -> None:
        write_text(folder / "checkpoint", "half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.stage("steer", {}, (), interrupted)
    again = Run.open(tmp_path / "run")
    assert not again.has("steer")
    assert again.stage("steer", {}, (), lambda folder: write_text(folder / "done", (folder / "checkpoint").read_text()))
    assert (tmp_path / "run" / "steer" / "done").read_text() == "half"


def test_changed_and_missing_files_are_noticed(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {}, (), write_one)
    (tmp_path / "run" / "survey" / "one.json").write_text("{}")
    with pytest.raises(RunError, match=r"one.json is missing or not as it was written"):
        run.require("survey", "fit")
    assert run.stage("survey", {}, (), write_one)
    with pytest.raises(RunError, match="no stage 'steer' yet: run `personaspace steer` first"):
        run.require("steer", "steer")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not readable JSON"),
        ('{"tool": "else"}', "not written by personaspace"),
        (json.dumps({"tool": "personaspace", "format": 99, "stages": {}}), "has format 99"),
    ],
)
def test_foreign_and_corrupt_manifests(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RunError, match=message):
        Run.open(tmp_path)


def test_folders_that_are_no_runs(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder: make one"):
        Run.open(tmp_path / "nowhere")
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="choose a new or an empty folder"):
        Run.create(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.txt"
    write_text(target, "old")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="No space left on device"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def fails_before_writing(_: Path) -> None:
    raise RunError("diverged")


def fails_halfway(folder: Path) -> None:
    """Writes one of the two files of :func:`write_two` before it fails."""
    write_json(folder / "one.json", {"value": 2})
    raise RunError("disk full")


def write_two(folder: Path) -> None:
    write_one(folder)
    write_json(folder / "two.json", {"value": 1})


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "work",
    [
        fails_before_writing,
        pytest.param(
            fails_halfway,
            marks=pytest.mark.xfail(
                strict=True, reason="a stage is no transaction yet: what it wrote before it failed stays"
            ),
        ),
    ],
)
def test_a_stage_that_fails_when_done_again_keeps_what_was_finished(
    work: Callable[[Path], None], tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("steer", {"rate": 1}, (), write_two)
    before = contents(run.folder / "steer")
    with pytest.raises(RunError, match=r"diverged|disk full"):
        run.stage("steer", {"rate": 2}, (), work)
    assert contents(run.folder / "steer") == before
    assert Run.open(tmp_path / "run").require("steer", "steer") == tmp_path / "run" / "steer"


def test_files_that_a_failed_stage_overwrote_are_noticed_and_the_stage_can_be_done_again(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("steer", {"rate": 1}, (), write_two)
    with pytest.raises(RunError, match="disk full"):
        run.stage("steer", {"rate": 2}, (), fails_halfway)
    with pytest.raises(RunError, match=r"one.json is missing or not as it was written"):
        Run.open(tmp_path / "run").require("steer", "steer")
    assert Run.open(tmp_path / "run").stage("steer", {"rate": 1}, (), write_two)
    assert Run.open(tmp_path / "run").require("steer", "steer")


def test_checkpoints_and_half_written_files_are_no_part_of_a_stage(tmp_path: Path) -> None:
    def work(folder: Path) -> None:
        write_one(folder)
        write_text(folder / "checkpoint" / "training", "half")
        (folder / ".one.json.99.tmp").write_text("killed")

    run = Run.create(tmp_path / "run")
    run.stage("steer", {}, (), work)
    assert list(run.manifest["stages"]["steer"]["files"]) == ["steer/one.json"]
