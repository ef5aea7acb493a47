"""A run folder: stages with their settings, inputs and checksums; a finished stage is not done again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from personaspace.errors import RunError
from personaspace.files import cannot_write, remove, versions
from personaspace.runs.leftovers import (
    CHECKPOINT,
    PARTIAL,
    no_more_than_left_over,
    remove_dead_work,
    remove_half_written,
)
from personaspace.runs.lock import only_writer
from personaspace.runs.manifest import MANIFEST, Manifest, Stage, begun, read_manifest, strange_in


class Run:
    """A run folder on disk.

    Every stage has a folder of its own. A stage is *current* if its settings and the checksums of the stages
    it builds on are as recorded in ``manifest.json``, and its files are as they were written.

    A stage is a transaction. It is made in a folder beside its place, ``.STAGE.….partial``; writing the manifest
    commits it, then the folder is moved into place. Whatever ends the process, the manifest names either the old
    stage, which was not touched, or the new one, which is whole: in its place or still beside it, from where the next
    writer moves it.

    Args:
        folder: The run folder.
        manifest: The content of ``manifest.json``.

    Example:
        >>> import tempfile
        >>> from personaspace.files import write_json
        >>> run = Run.create(Path(tempfile.mkdtemp()) / "run")
        >>> run.stage("survey", {"seed": 0}, (), lambda folder: write_json(folder / "x.json", 1))
        True
        >>> run.stage("survey", {"seed": 0}, (), lambda folder: write_json(folder / "x.json", 1))
        False
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._held = False
        self._hashes: dict[tuple[int, ...], str] = {}

    @classmethod
    def create(cls, folder: str | Path) -> Run:
        """Open a run folder, or begin one in a folder that is new or empty.

        Raises:
            RunError: The folder holds something else, cannot be written, or another process is writing to it.
        """
        folder = Path(folder)
        if (folder / MANIFEST).exists():
            return cls.open(folder)
        if folder.exists() and (not folder.is_dir() or not no_more_than_left_over(folder)):
            raise RunError(f"{folder} exists and is not a run folder: choose a new or an empty folder")
        with cannot_write(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with only_writer(folder):
            if not (folder / MANIFEST).exists():
                remove_half_written(folder)
                begun().write(folder)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open an existing run folder to read it; nothing is written until a stage is done.

        Raises:
            RunError: It is missing, corrupt, of another format, or was not written by personaspace.
        """
        return cls(Path(folder), read_manifest(Path(folder)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes from writing to the run during a ``with`` block, and clear up after those that died.

        Raises:
            RunError: Another process is writing to it, or it cannot be written.
        """
        if self._held:
            yield
            return
        with only_writer(self.folder):
            self._held = True
            try:
                self.manifest = read_manifest(self.folder)
                self._recover()
                yield
            finally:
                self._held = False

    def stage(
        self, name: str, settings: Mapping[str, Any], after: Sequence[str], work: Callable[[Path], object]
    ) -> bool:
        """Do a stage unless it is current; the one that was finished before stays as it is until this one is done.

        Args:
            name: The stage and its folder.
            settings: Settings it depends on; plain JSON.
            after: Stages it builds on.
            work: Writes the stage's files into the folder it is given, which takes the place of the old one. If it is
                interrupted the folder is kept where it holds ``checkpoint/``, and given again for the same settings;
                ``checkpoint/`` is no part of the finished stage.

        Returns:
            Whether the work was done; False if it was current already.

        Raises:
            RunError: The run cannot be written, or another process is writing to it or has just changed it.
        """
        if self.current(name, settings, after):
            return False
        inputs = self._inputs(after)
        with self.writing():
            if self._inputs(after) != inputs:
                raise RunError(f"another process has changed {self.folder} meanwhile: run the same command again")
            if self.current(name, settings, after):
                return False
            partial = self.unfinished(name, settings, after)
            self._drop_outdated(name, partial)
            with cannot_write(partial):
                partial.mkdir(exist_ok=True)
            try:
                work(partial)
                files = {f"{name}/{inside}": self._sha256(partial / inside) for inside in _files(partial)}
                today = date.today().isoformat()
                done = Stage(settings=dict(settings), inputs=inputs, versions=versions(), files=files, when=today)
                self._commit({**self.manifest.stages, name: done})
            except BaseException:
                if not (partial / CHECKPOINT).exists():
                    shutil.rmtree(partial, ignore_errors=True)
                raise
            self._move_into_place(name, partial)
        return True

    def unfinished(self, name: str, settings: Mapping[str, Any], after: Sequence[str]) -> Path:
        """The folder in which a stage is made with these settings on stages as they are now."""
        return self._partial(name, settings, self._inputs(after))

    def current(self, name: str, settings: Mapping[str, Any], after: Sequence[str]) -> bool:
        """Whether a stage has been done with these settings on stages as they are now, and its files are untouched."""
        recorded = self.manifest.stages.get(name)
        if recorded is None or recorded.settings != dict(settings) or recorded.inputs != self._inputs(after):
            return False
        return not self._fault(name, self.folder / name)

    def has(self, name: str) -> bool:
        """Whether a stage has been finished."""
        return name in self.manifest.stages

    def settings(self, name: str) -> dict[str, Any]:
        """A finished stage's settings."""
        return dict(self.manifest.stages[name].settings)

    def note(self, name: str, facts: Mapping[str, str | None]) -> None:
        """Write down facts about a finished stage on which it does not depend."""
        if self.notes(name) != facts:
            with self.writing():
                noted = self.manifest.stages[name].model_copy(update={"notes": dict(facts)})
                self._commit({**self.manifest.stages, name: noted})

    def notes(self, name: str) -> dict[str, str | None]:
        """Facts that :meth:`note` wrote down about a finished stage."""
        return dict(self.manifest.stages[name].notes)

    def place(self, name: str) -> Path:
        """The folder of a stage, whether or not it is there or whole.

        Raises:
            RunError: It leads out of the run.
        """
        if strange := strange_in(self.folder / name, self.folder):
            raise RunError(_strange(strange))
        return self.folder / name

    def require(self, name: str, command: str, files: Sequence[str] = ()) -> Path:
        """The folder of a finished stage that is whole and up to date.

        Args:
            name: The stage.
            command: The command that makes it, for the error.
            files: The files that are going to be read; only these are checked. All of them where none are named.

        Raises:
            RunError: The stage is missing, its files have changed, or an earlier stage was done again since.
        """
        self.up_to_date(name, command)
        stage = self.manifest.stages[name]
        places = (self.folder / name, self._partial(name, stage.settings, stage.inputs))
        faults = [self._fault(name, place, files) for place in places]
        if all(faults):
            raise RunError(f"{faults[0]}, or run `personaspace {command}` again")
        return places[faults.index("")]

    def up_to_date(self, name: str, command: str) -> None:
        """Raise :class:`RunError` unless a stage is finished and none that it builds on was done again since."""
        if not self.has(name):
            raise RunError(f"{self.folder} has no stage {name!r} yet: run `personaspace {command}` first")
        for earlier, digest in self.manifest.stages[name].inputs.items():
            if not self.has(earlier) or self.digest(earlier) != digest:
                raise RunError(f"stage {name!r} is older than {earlier!r}: run `personaspace {command}` again")

    def digest(self, name: str) -> str:
        """One checksum over a finished stage's settings and files; its notes are left out."""
        stage = self.manifest.stages[name]
        made = json.dumps([stage.settings, stage.files], sort_keys=True)
        return hashlib.sha256(made.encode()).hexdigest()

    def _inputs(self, after: Sequence[str]) -> dict[str, str]:
        return {stage: self.digest(stage) for stage in after}

    def _partial(self, name: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> Path:
        return self.folder / f".{name}.{_short(inputs)}-{_short(settings)}{PARTIAL}"

    def _fault(self, name: str, folder: Path, wanted: Sequence[str] = ()) -> str:
        """What is wrong with a finished stage's files in a folder, and how to mend it; empty if nothing is."""
        if strange := strange_in(folder, self.folder):
            return _strange(strange)
        recorded = {path.removeprefix(f"{name}/"): digest for path, digest in self.manifest.stages[name].files.items()}
        for inside in wanted or recorded:
            file = folder / inside
            if not file.is_file() or self._sha256(file) != recorded.get(inside):
                return f"{self.folder / name / inside} is missing or not as it was written: restore it"
        return ""

    def _sha256(self, path: Path) -> str:
        """The checksum of a file, which is read once as long as it is not written again."""
        about = path.stat()
        key = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
        if key not in self._hashes:
            with path.open("rb") as file:
                self._hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._hashes[key]

    def _commit(self, stages: Mapping[str, Stage]) -> None:
        manifest = self.manifest.model_copy(update={"stages": dict(stages)})
        manifest.write(self.folder)
        self.manifest = manifest

    def _move_into_place(self, name: str, partial: Path) -> None:
        """Replace the folder of a stage by one that the manifest names already."""
        remove(partial / CHECKPOINT)
        remove(self.folder / name)
        with cannot_write(self.folder / name):
            partial.rename(self.folder / name)

    def _drop_outdated(self, name: str, partial: Path) -> None:
        """Remove unfinished work that was built on earlier stages as they no longer are."""
        begins = partial.name.partition("-")[0]
        for path in self.folder.glob(f".{name}.*{PARTIAL}"):
            if not path.name.startswith(f"{begins}-"):
                remove(path)

    def _recover(self) -> None:
        """Move committed stages into place, and remove what dead processes left behind and nobody can go on with."""
        remove_half_written(self.folder)
        for name, stage in self.manifest.stages.items():
            partial = self._partial(name, stage.settings, stage.inputs)
            if partial.is_dir() and not self._fault(name, partial):
                self._move_into_place(name, partial)
        remove_dead_work(self.folder)


def _files(folder: Path) -> list[str]:
    """The files of a stage; what it keeps to be resumed from and what was half written are none."""
    files = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in files if path.parent.name != CHECKPOINT and path.suffix != ".tmp")
    return sorted(path.relative_to(folder).as_posix() for path in kept)


def _short(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(content), sort_keys=True).encode()).hexdigest()[:8]


def _strange(path: Path) -> str:
    return f"{path} leads out of the run folder, or is neither a file nor a folder: remove it"
