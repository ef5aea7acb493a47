"""The manifest of a run: its finished stages with settings, inputs and checksums, checked where it is read."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from personaspace.errors import RunError, first_fault, shown
from personaspace.files import read_json, write_json

FORMAT = 1
MANIFEST = "manifest.json"

StageName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]


class Stage(BaseModel):
    """A finished stage.

    Attributes:
        settings: Settings it depends on; plain JSON.
        inputs: Checksum of each stage it was built on.
        versions: Of the packages it was made with.
        files: The sha256 of each of its files, by its path in the run folder, ``STAGE/...``.
        notes: Facts on which it does not depend.
        when: The day it was finished, as in ``2026-11-28``; empty in runs of earlier versions.
    """

    model_config = ConfigDict(strict=True)

    settings: dict[str, Any]
    inputs: dict[StageName, str]
    versions: dict[str, str]
    files: dict[str, str]
    notes: dict[str, str | None] = {}
    when: str = ""


class Manifest(BaseModel):
    """The content of ``manifest.json``."""

    model_config = ConfigDict(strict=True)

    tool: Literal["personaspace"]
    format: Literal[1]
    stages: dict[StageName, Stage]

    @model_validator(mode="after")
    def _files_lie_in_their_stage(self) -> Manifest:
        for name, stage in self.stages.items():
            for path in stage.files:
                parts = PurePosixPath(path).parts
                if parts[:1] != (name,) or len(parts) < 2 or {"..", "."} & {*path.split("/")} or {*"\\:\0"} & {*path}:
                    raise ValueError(f"stage {name!r} names the file {shown(path)}, which is not in its folder")
        return self

    def write(self, folder: Path) -> None:
        """Write ``manifest.json``; :class:`RunError` where it cannot be written."""
        write_json(folder / MANIFEST, self.model_dump(exclude_defaults=True))


def begun() -> Manifest:
    """The manifest of a run without stages."""
    return Manifest(tool="personaspace", format=1, stages={})


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder.

    Raises:
        RunError: It is missing, corrupt, of another format, or was not written by personaspace.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise RunError(f"{folder} is not a run folder: make one with `personaspace fit SURVEY --out {folder}`")
    if not path.is_file() or leads_out(path, folder):
        raise RunError(f"{path} is not a file of this folder: choose another folder")
    content = read_json(path)
    if not isinstance(content, dict) or content.get("tool") != "personaspace" or "stages" not in content:
        raise RunError(f"{path} was not written by personaspace: choose another folder")
    if content.get("format") != FORMAT:
        raise RunError(
            f"{folder} has format {content.get('format')!r:.40}, this version reads format {FORMAT}: "
            "use the version of personaspace that wrote it"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise RunError(f"{path} is damaged, {first_fault(error)}; restore it, or fit into a new folder") from error


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a path leads out of a folder by links."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def strange_in(stage: Path, folder: Path) -> Path | None:
    """The first path in a stage's folder that leads out of the run, or is neither a file nor a folder; or ``None``."""
    paths = [stage] if os.path.lexists(stage) else []
    for at, folders, files in os.walk(stage):
        paths += [Path(at, name) for name in (*folders, *files)]
    return next((path for path in paths if leads_out(path, folder) or _special(path)), None)


def _special(path: Path) -> bool:
    """A pipe, socket or device; what is not there is none."""
    return path.exists() and not path.is_file() and not path.is_dir()
