"""Source: the declaration of a reader, with its name, what it recognizes, how it reads and how it writes copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personaspace.survey.readers.reading import Reading
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
        writer: Makes the writer of copies of a path that was read, with this codebook, as this survey, or ``None``
            where this very file cannot be written; itself ``None`` where the format is only read.
    """

    name: str
    understands: str
    recognizes: Callable[[Path], bool]
    read: Callable[[Path, Codebook | None, str | None], Reading]
    writer: Callable[[Path, Codebook | None, Survey], SourceWriter | None] | None = None


def whole(
    read: Callable[[Path, Codebook | None, str | None], Survey],
) -> Callable[[Path, Codebook | None, str | None], Reading]:
    """The reading of a source that says itself what everything is, of which nothing is left out."""
    return lambda path, codebook, name: Reading.whole(read(path, codebook, name))
