"""The content of an SPSS or Stata file as pyreadstat gives it: in pieces, dates as numbers, bad bytes no end of it."""

from __future__ import annotations

import codecs
import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import SurveyError, first_fault, shown
from personaspace.survey.readers.labelled.probe import probe

CELLS = 25_000_000
"""Cells that are read at once; each takes 40 bytes while it is read, and 8 after."""

MALFORMED = (OSError, ValueError, TypeError, LookupError, OverflowError, MemoryError)
"""What pyreadstat and pandas raise on damaged files, beside pyreadstat's own errors."""

BYTES = "LATIN1"
"""The encoding in which every byte is a character, for texts that are decoded here."""


@dataclass(frozen=True, eq=False)
class LabelledFile:
    """A file's columns and what pyreadstat says of them.

    Attributes:
        columns: By name; numbers, text or both (Stata's missing letters). Dates are numbers.
        about: pyreadstat's metadata.
        notes: Cells whose bytes could not be decoded.
    """

    columns: Mapping[str, pd.Series]
    about: Any
    notes: tuple[str, ...] = ()


def read_file(path: Path, encoding: str | None = None, rows: int | None = None) -> LabelledFile:
    """Read an SPSS or Stata file, tried in a child process first, since a damaged one may end the one that reads it.

    Where a text cannot be decoded, it is read with a mark for what is wrong, and noted.

    Args:
        path: A .sav, .zsav, .por or .dta file.
        encoding: Of its texts, such as ``"cp1252"``; what the file says if not given.
        rows: Read only so many.

    Raises:
        SurveyError: The file is damaged, is none of these, or the encoding is not known.
    """
    with path.open("rb") as opened:
        page = re.match(rb"\s*<(!doctype|html|head|\?xml)", opened.read(512), re.IGNORECASE)
    if page:
        raise SurveyError(f"{path} is a web page, not a {path.suffix} file: download it again")
    probe(path, rows)
    read = _reader(path)
    if encoding is not None:
        return _decoded(*_pieces(path, read, rows, encoding=BYTES), _known(path, encoding))
    try:
        return LabelledFile(*_pieces(path, read, rows))
    except _UndecodableError:
        return _decoded(*_pieces(path, read, rows, encoding=BYTES), _declared(path, read))


class _UndecodableError(ValueError):
    """A text is not in the encoding that the file declares."""


def _reader(path: Path) -> Callable[..., Any]:
    import pyreadstat

    readers: dict[str, Callable[..., Any]] = {".dta": pyreadstat.read_dta, ".por": _read_por}
    return readers.get(path.suffix.lower(), pyreadstat.read_sav)


def _read_por(path: Path, encoding: str | None = None, user_missing: bool = False, **options: Any) -> Any:
    """A .por file, whose encoding nobody can give and whose declared missing cells come as blanks."""
    import pyreadstat

    del user_missing
    if encoding is not None:
        raise SurveyError(
            f"{path}: texts of a .por file are read as UTF-8 only: save it as .sav, or give no `encoding`"
        )
    return pyreadstat.read_por(path, **options)


def _pieces(
    path: Path, read: Callable[..., Any], rows: int | None, **options: Any
) -> tuple[Mapping[str, pd.Series], Any]:
    """The columns, read in pieces so that memory holds one of them beside what is kept."""
    import pyreadstat

    try:
        about = read(path, metadataonly=True, **options)[1]
        step = max(1, CELLS // max(1, len(about.column_names)))
        pieces: list[dict[str, pd.Series]] = []
        known = about.number_rows if about.number_rows and about.number_rows > 0 else None
        wanted = min((limit for limit in (rows, known) if limit is not None), default=None)
        done = 0
        while True:
            limit = step if wanted is None else min(step, wanted - done)
            found, about = read(
                path, user_missing=True, disable_datetime_conversion=True, output_format="dict",
                row_limit=limit, row_offset=done, **options,
            )  # fmt: skip
            pieces.append({name: _series(found.pop(name)) for name in list(found)})
            got = len(next(iter(pieces[-1].values()), ()))
            done += got
            if got < limit or done == wanted:
                break
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, *MALFORMED) as error:
        if "byte sequence" in str(error) and not options and path.suffix.lower() != ".por":
            raise _UndecodableError(str(error)) from error
        if isinstance(error, SurveyError):
            raise
        raise SurveyError(f"{path} cannot be read as {path.suffix} ({first_fault(error)}): save it again") from error
    return {name: _joined([piece.pop(name) for piece in pieces]) for name in list(pieces[0])}, about


def _joined(parts: list[pd.Series]) -> pd.Series:
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _series(cells: Any) -> pd.Series:
    """Numbers as numbers where all are, text as text."""
    column = pd.Series(cells)
    if column.dtype == object and not any(isinstance(cell, str) for cell in column):
        return column.astype("float64")
    return column


def _declared(path: Path, read: Callable[..., Any]) -> str:
    """The encoding that a file says its texts have."""
    import pyreadstat

    try:
        return _known(path, read(path, metadataonly=True)[1].file_encoding or "utf-8")
    except pyreadstat.ReadstatError:
        return "utf-8"


def _known(path: Path, encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise SurveyError(f"{path}: unknown encoding {shown(encoding)}: give one such as utf-8 or cp1252") from error


def _decoded(columns: Mapping[str, pd.Series], about: Any, encoding: str) -> LabelledFile:
    """Columns and metadata whose texts were read byte by byte, decoded; the cells where that fails are noted."""
    encoding = "utf-8" if encoding == "ascii" else encoding

    def text(raw: str) -> str:
        return raw.encode("latin1", "replace").decode(encoding, "replace")

    for field in dataclasses.fields(about):
        setattr(about, field.name, _with_texts(getattr(about, field.name), text))
    found, notes = dict[str, pd.Series](), list[str]()
    for name, cells in columns.items():
        column, raw = text(name), [cell for cell in cells.dropna().unique() if isinstance(cell, str)]
        changed = {cell: decoded for cell in raw if (decoded := text(cell)) != cell}
        found[column] = cells.map(lambda cell, of=changed: of.get(cell, cell), na_action="ignore") if changed else cells
        bad = found[column].isin([decoded for cell, decoded in changed.items() if "\ufffd" in decoded])
        if bad.any():
            at = [int(row) + 1 for row in bad.to_numpy().nonzero()[0][:3]]
            more = f" and {int(bad.sum()) - len(at)} more" if bad.sum() > len(at) else ""
            notes.append(
                f"{column}: bytes in row {', '.join(map(str, at))}{more} are no {encoding} and were read as \ufffd: "
                "give `encoding` if the file's own is wrong"
            )
    return LabelledFile(found, about, tuple(notes))


def _with_texts(value: Any, text: Callable[[str], str]) -> Any:
    """A value of the metadata with its texts decoded, however deep."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {_with_texts(key, text): _with_texts(inner, text) for key, inner in value.items()}
    return [_with_texts(inner, text) for inner in value] if isinstance(value, list) else value
