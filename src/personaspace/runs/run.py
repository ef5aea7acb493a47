"""A run folder: stages with their settings, inputs and checksums; a finished stage is not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from personaspace.errors import RunError
from personaspace.files import read_json, versions, write_json

FORMAT = 1
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
"""Folder within a stage's folder with which an interrupted stage is resumed; no part of the finished stage."""


class Run:
    """A run folder on disk.

    Every stage has a folder of its own. A stage is *current* if its settings and the checksums of the stages
    it builds on are as recorded in ``manifest.json``, and its files are as they were written.

    Args:
        folder: The run folder.
        manifest: The content of ``manifest.json``.

    Example:
        >>> import tempfile
        >>> run = Run.create(Path(tempfile.mkdtemp()) / "run")
        >>> run.stage("survey", {"seed": 0}, (), lambda folder: write_json(folder / "x.json", 1))
        True
        >>> run.stage("survey", {"seed": 0}, (), lambda folder: write_json(folder / "x.json", 1))
        False
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def create(cls, folder: str | Path) -> Run:
        """Open a run folder, or begin one in a folder that is new or empty.

        Raises:
            RunError: The folder holds something else.
        """
        folder = Path(folder)
        if (folder / MANIFEST).exists():
            return cls.open(folder)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{folder} exists and is not a run folder: choose a new or an empty folder")
        run = cls(folder, {"tool": "personaspace", "format": FORMAT, "stages": {}})
        run._write()
        return run

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open an existing run folder.

        Raises:
            RunError: It is missing, corrupt, of another format, or was not written by personaspace.
        """
        folder = Path(folder)
        if not (folder / MANIFEST).exists():
            raise RunError(f"{folder} is not a run folder: make one with `personaspace fit SURVEY --out {folder}`")
        manifest = read_json(folder / MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("tool") != "personaspace" or "stages" not in manifest:
            raise RunError(f"{folder / MANIFEST} was not written by personaspace: choose another folder")
        if manifest.get("format") != FORMAT:
            raise RunError(
                f"{folder} has format {manifest.get('format')}, this version reads format {FORMAT}: "
                "use the version of personaspace that wrote it"
            )
        return cls(folder, manifest)

    def stage(
        self, name: str, settings: Mapping[str, Any], after: Sequence[str], work: Callable[[Path], object]
    ) -> bool:
        """Do a stage unless it is current.

        Args:
            name: The stage and its folder.
            settings: Settings it depends on; plain JSON.
            after: Stages it builds on.
            work: Writes the stage's files into the folder it is given, each atomically. Files of an earlier time that
                it does not write again are removed when it is done; what it keeps in ``checkpoint/`` is not recorded.

        Returns:
            Whether the work was done; False if it was current already.
        """
        if self.current(name, settings, after):
            return False
        entry = self._entry(settings, after)
        recorded = self.manifest["stages"].get(name, {})
        old = {path: self._written(path) for path in recorded.get("files", {})}
        work(self.folder / name)
        for path, written in old.items():
            if self._written(path) == written:
                (self.folder / path).unlink(missing_ok=True)
        files = {path.relative_to(self.folder).as_posix(): _sha256(path) for path in self._files(name)}
        self.manifest["stages"][name] = {**entry, "versions": versions(), "files": files}
        self._write()
        return True

    def current(self, name: str, settings: Mapping[str, Any], after: Sequence[str]) -> bool:
        """Whether a stage has been done with these settings on stages as they are now, and its files are untouched."""
        recorded = self.manifest["stages"].get(name, {})
        as_recorded = all(recorded.get(key) == value for key, value in self._entry(settings, after).items())
        return as_recorded and not self._changed(name)

    def has(self, name: str) -> bool:
        """Whether a stage has been finished."""
        return name in self.manifest["stages"]

    def settings(self, name: str) -> dict[str, Any]:
        """A finished stage's settings."""
        return dict(self.manifest["stages"][name]["settings"])

    def note(self, name: str, facts: Mapping[str, Any]) -> None:
        """Write down facts about a finished stage on which it does not depend; plain JSON."""
        entry = self.manifest["stages"][name]
        if entry.get("notes") != facts:
            entry["notes"] = dict(facts)
            self._write()

    def notes(self, name: str) -> dict[str, Any]:
        """Facts that :meth:`note` wrote down about a finished stage."""
        return dict(self.manifest["stages"][name].get("notes", {}))

    def require(self, name: str, command: str) -> Path:
        """The folder of a finished stage that is whole and up to date.

        Args:
            name: The stage.
            command: The command that makes it, for the error.

        Raises:
            RunError: The stage is missing, its files have changed, or an earlier stage was done again since.
        """
        if not self.has(name):
            raise RunError(f"{self.folder} has no stage {name!r} yet: run `personaspace {command}` first")
        if changed := self._changed(name):
            raise RunError(
                f"{self.folder / changed[0]} is missing or not as it was written: restore it, "
                f"or run `personaspace {command}` again"
            )
        for earlier, digest in self.manifest["stages"][name]["inputs"].items():
            if not self.has(earlier) or self.digest(earlier) != digest:
                raise RunError(f"stage {name!r} is older than {earlier!r}: run `personaspace {command}` again")
        return self.folder / name

    def digest(self, name: str) -> str:
        """One checksum over a finished stage's settings and files; its notes are left out."""
        stage = self.manifest["stages"][name]
        made = json.dumps([stage["settings"], stage["files"]], sort_keys=True)
        return hashlib.sha256(made.encode()).hexdigest()

    def _entry(self, settings: Mapping[str, Any], after: Sequence[str]) -> dict[str, Any]:
        return {"settings": dict(settings), "inputs": {stage: self.digest(stage) for stage in after}}

    def _written(self, path: str) -> tuple[int, int] | None:
        """Inode and time of a file, which change when it is written anew; ``None`` without a file."""
        file = self.folder / path
        return (file.stat().st_ino, file.stat().st_mtime_ns) if file.exists() else None

    def _changed(self, name: str) -> list[str]:
        files: dict[str, str] = self.manifest["stages"][name]["files"]
        return [
            path for path, digest in files.items()
            if not (self.folder / path).is_file() or _sha256(self.folder / path) != digest
        ]  # fmt: skip

    def _files(self, name: str) -> list[Path]:
        files = (path for path in (self.folder / name).rglob("*") if path.is_file())
        return sorted(path for path in files if path.parent.name != CHECKPOINT and path.suffix != ".tmp")

    def _write(self) -> None:
        write_json(self.folder / MANIFEST, self.manifest)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
