"""What processes that died leave in a run folder, and its removal. Only the holder of the run's lock may call it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from personaspace.files import remove
from personaspace.runs.lock import LOCK

CHECKPOINT = "checkpoint"
"""Folder within a stage's folder with which an interrupted stage is resumed; no part of the finished stage."""

PARTIAL = ".partial"
"""Ending of the folders in which stages are made."""

HALF_WRITTEN = re.compile(r"\..+\.\d+\.tmp", re.DOTALL)
"""Names under which :mod:`personaspace.files` writes what it then moves into place."""


def no_more_than_left_over(folder: Path) -> bool:
    """Whether a folder holds at most what a process leaves that died before it had written its first manifest."""
    return all(path.name == LOCK or HALF_WRITTEN.fullmatch(path.name) for path in folder.iterdir())


def remove_half_written(folder: Path) -> None:
    """Remove half-written files and folders directly in a folder."""
    for path in folder.iterdir():
        if HALF_WRITTEN.fullmatch(path.name):
            remove(path)


def remove_dead_work(folder: Path) -> None:
    """Remove unfinished stages that hold no checkpoint; from the others, half-written files and links."""
    for partial in folder.glob(f".*{PARTIAL}"):
        if partial.is_symlink() or not (partial / CHECKPOINT).exists():
            remove(partial)
            continue
        for at, folders, files in os.walk(partial):
            for path in (Path(at, name) for name in (*folders, *files)):
                if path.is_symlink() or HALF_WRITTEN.fullmatch(path.name):
                    remove(path)
