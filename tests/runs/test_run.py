"""A run folder: finished stages stay finished, and every other state of a folder has an error of its own."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import shutil
import signal
from collections.abc import Callable
from io import BufferedReader
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


@pytest.mark.parametrize("work", [fails_before_writing, fails_halfway])
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


def test_checkpoints_and_half_written_files_are_no_part_of_a_stage(tmp_path: Path) -> None:
    def work(folder: Path) -> None:
        write_one(folder)
        write_text(folder / "checkpoint" / "training", "half")
        (folder / ".one.json.99.tmp").write_text("killed")

    run = Run.create(tmp_path / "run")
    run.stage("steer", {}, (), work)
    assert list(run.manifest.stages["steer"].files) == ["steer/one.json"]


CALLS = [(os, "open"), (os, "replace"), (os, "rename"), (os, "unlink"), (os, "rmdir"), (os, "mkdir")]


def killed_at(moment: int, work: Callable[[], object]) -> bool:
    """Do something in another process that dies at its n-th change of the disk; whether it died."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = itertools.count(moment, -1)

    def dying(change: Callable[..., object]) -> Callable[..., object]:
        def changed(*arguments: object, **named: object) -> object:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **named)

        return changed

    for module, name in CALLS:
        setattr(module, name, dying(getattr(module, name)))
    work()
    os._exit(0)


def new(folder: Path) -> None:
    for name in ("one", "three"):
        write_json(folder / f"{name}.json", {"value": 2})
    write_text(folder / "checkpoint" / "state", "half")


def test_a_stage_killed_at_any_moment_is_the_old_or_the_new_one_and_can_be_done_again(tmp_path: Path) -> None:
    def do(folder: Path) -> None:
        Run.open(folder).stage("steer", {"rate": 2}, (), new)

    old, done = tmp_path / "old", tmp_path / "done"
    Run.create(old).stage("steer", {"rate": 1}, (), write_two)
    do(shutil.copytree(old, done))
    either = [contents(folder / "steer") for folder in (old, done)]
    seen, moment = [], 0
    while True:
        folder = shutil.copytree(old, tmp_path / str(moment))
        died = killed_at(moment, lambda folder=folder: do(folder))  # type: ignore[misc]
        run = Run.open(folder)
        place = run.require("steer", "steer")
        found = {path.name: path.read_text() for path in place.iterdir() if path.is_file()}
        assert found in either
        assert run.settings("steer") == {"rate": 1 + either.index(found)}
        seen.append(either.index(found))
        do(folder)
        assert contents(folder / "steer") == either[1]
        assert sorted(path.name for path in folder.iterdir()) == [".lock", "manifest.json", "steer"]
        if not died:
            break
        moment += 1
    assert moment > 10 and seen == sorted(seen) and {*seen} == {0, 1}


def test_a_run_killed_before_its_first_manifest_can_be_begun_again(tmp_path: Path) -> None:
    for moment in itertools.count():
        folder = tmp_path / str(moment)
        died = killed_at(moment, lambda folder=folder: Run.create(folder))  # type: ignore[misc]
        assert not Run.create(folder).manifest.stages
        assert sorted(path.name for path in folder.iterdir()) == [".lock", "manifest.json"]
        if not died:
            break
    assert moment > 2


def test_unfinished_work_on_stages_that_were_done_again_is_removed_and_the_rest_is_kept(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        write_text(folder / "checkpoint" / "state", "half")
        (folder / "checkpoint" / ".state.1.tmp").write_text("killed")
        raise KeyboardInterrupt

    run = Run.create(tmp_path / "run")
    run.stage("survey", {}, (), write_one)
    for rate in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            run.stage("steer", {"rate": rate}, ("survey",), interrupted)
    kept = [path for path in run.folder.rglob("*") if path.name == "state"]
    run.stage("map", {}, (), write_one)
    assert [path for path in run.folder.rglob("*") if path.name == "state"] == kept and len(kept) == 2
    assert not list(run.folder.rglob("*.tmp"))
    run.stage("survey", {"again": True}, (), write_two)
    run.stage("steer", {"rate": 3}, ("survey",), write_one)
    assert not list(run.folder.glob(".*.partial"))


def test_two_writers_are_kept_apart_and_readers_are_not(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {}, (), write_one)

    def meanwhile(folder: Path) -> None:
        other = Run.open(tmp_path / "run")
        assert other.require("survey", "fit")
        with pytest.raises(RunError, match=r"another process is writing to .* wait until it has ended"):
            other.stage("survey", {"seed": 2}, (), write_two)
        write_one(folder)

    assert run.stage("map", {}, ("survey",), meanwhile)


def test_work_on_a_stage_that_another_process_has_done_again_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {}, (), write_one)
    Run.open(tmp_path / "run").stage("survey", {"seed": 2}, (), write_one)
    with pytest.raises(RunError, match="another process has changed"):
        run.stage("map", {}, ("survey",), write_one)
    assert Run.open(tmp_path / "run").stage("map", {}, ("survey",), write_one)


def test_a_disk_that_cannot_be_written_is_an_error_of_writing_and_not_of_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "run")
    run.stage("survey", {}, (), write_one)
    before, opened = sorted(run.folder.rglob("*")), os.open

    def read_only(path: str, flags: int, *more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system", path)
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", read_only)
    again = Run.open(tmp_path / "run")
    assert again.require("survey", "fit")
    assert not again.stage("survey", {}, (), write_two)
    with pytest.raises(RunError, match=r"cannot write .*: Read-only file system"):
        again.stage("map", {}, (), write_one)
    assert sorted(run.folder.rglob("*")) == before


def test_files_are_read_once_to_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Run.create(tmp_path / "run").stage("survey", {}, (), write_two)
    run, digest = Run.open(tmp_path / "run"), hashlib.file_digest
    hashed: list[str] = []

    def counted(file: BufferedReader, kind: str) -> object:
        hashed.append(file.name)
        return digest(file, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    run.require("survey", "fit", ["one.json"])
    run.require("survey", "fit", ["one.json"])
    assert [Path(name).name for name in hashed] == ["one.json"]
    run.require("survey", "fit")
    run.current("survey", {}, ())
    assert [Path(name).name for name in hashed] == ["one.json", "two.json"]
    (run.folder / "survey" / "two.json").write_text("{}")
    assert not run.current("survey", {}, ())
    with pytest.raises(RunError, match=r"no\.json is missing"):
        run.require("survey", "fit", ["no.json"])
