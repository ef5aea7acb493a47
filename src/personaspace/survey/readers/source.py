"""Source: the declaration of a reader, with its name, what it recognizes, how it reads and how it writes copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personaspace.survey.readers.writer import SourceWriter
from personaspace.survey.survey import Survey

Codebook = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """One kind of survey on disk.

    Attributes:
        name: The ``format`` by which it can be asked for.
        understands: The files or folders it reads, for messages.
        recognizes: Whether a path is of this kind.
        read: Reads path, codebook and name; raises :class:`SurveyError` where the data do not fit.
        writer: Makes the writer of copies of a path that was read, with this codebook, as this survey; ``None`` where
            the format is only read.
    """

    name: str
    understands: str
    recognizes: Callable[[Path], bool]
    read: Callable[[Path, Codebook | None, str | None], Survey]
    writer: Callable[[Path, Codebook | None, Survey], SourceWriter] | None = None
