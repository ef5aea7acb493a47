"""Decode a delimited text file: its encoding, its line ends and the character between its columns."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from personaspace.errors import SurveyError, escaped, first_fault, shown

GZIP = b"\x1f\x8b"

NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF document",
    b"PAR1": "a parquet file",
    b"$FL": "an SPSS file",
}
"""How files that are no text begin."""

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; that of UTF-32 begins like that of UTF-16."""

GUESS = "cp1252"
"""What text is in where it is not UTF-8: the code page of Windows and Excel in western languages."""

DELIMITERS = ",;\t|"
LOOKED_AT = 200
"""Records from which the delimiter is told."""

SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""

WEB_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table)\b", re.I | re.S
)
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)

BROKEN = re.compile("[\udc80-\udcff]")
"""Bytes that no text has, as ``surrogateescape`` decodes them."""

LONGEST_CELL = 10_000_000
"""Characters; the csv module's own limit of 131,072 is below some open answers."""


@dataclass(frozen=True)
class TextFile:
    """A delimited text file, decoded.

    Attributes:
        path: The file, for messages.
        text: Its content without byte order mark and ``sep=`` line; broken characters as ``surrogateescape`` has them.
        encoding: The encoding it is in.
        delimiter: The character between its columns.
        above: The ``sep=`` line that stood above the text.
        notes: What was guessed or could not be decoded, a sentence each.
    """

    path: Path
    text: str
    encoding: str
    delimiter: str
    above: str
    notes: tuple[str, ...]


def read_text_file(path: Path, encoding: str | None = None, delimiter: str | None = None) -> TextFile:
    """Read a text file of rows and columns, plain or gzipped.

    UTF-8, and UTF-16 or UTF-32 by their marks, are recognized. Text that is not UTF-8 is read as Windows-1252, and a
    note says so; where only single characters in a file of UTF-8 are broken, they are replaced and the cells are named.
    The delimiter is the one of comma, semicolon, tab and bar that gives the most records the width of the first.

    Args:
        path: The file.
        encoding: What the file is in, such as ``"cp1251"``; told from its bytes if not given.
        delimiter: The character between columns; told from the first records if not given.

    Raises:
        SurveyError: The file is damaged, is no text or a web page, or is not in the encoding given.
    """
    data = content(path)
    used = encoding or _encoding(data)
    broken: list[int] = []
    if encoding or used != "utf-8":
        text = _decoded(path, data, used, delimiter)
    else:
        text, used, broken = _utf8_or_guess(path, data, delimiter)
    check_no_web_page(path, text)
    if "\0" in text:
        raise SurveyError(f"{path} has bytes that belong to no text: save the table as CSV in UTF-8")
    found = SEPARATOR_LINE.match(text)
    above = found[0] if found else ""
    text = text.removeprefix(above)
    between = delimiter or (found[1] if found else guess_delimiter(text))
    notes = []
    if broken:
        cells = dict.fromkeys(_cell(text, at - len(above), between) for at in broken[:3])
        notes.append(
            f"{len(broken)} character(s) are not UTF-8, unlike the rest of the file, and were replaced: "
            f"{'; '.join(cells)}{' …' * (len(broken) > 3)}"
        )
    elif used == GUESS and encoding is None:
        strange = re.search(r"[^\x00-\x7f]", text)
        cell = _content(text, strange.start(), between) if strange else ""
        notes.append(
            f"it is not in UTF-8 and was read as {GUESS}, in which a cell reads {shown(cell, 40)}: if that is wrong, "
            "give the codebook `encoding`"
        )
    return TextFile(path, text, used, between, above, tuple(notes))


def content(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is gzipped; :class:`SurveyError` if it is damaged or plainly no text."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data.startswith(GZIP) else data
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise SurveyError(
            f"{path} cannot be read as a table: {first_fault(error)}; save or download it again"
        ) from error
    for start, kind in NOT_TEXT.items():
        if data.startswith(start):
            raise SurveyError(
                f"{path} is {kind}, whatever its name says: name it so, or save the table as CSV in UTF-8"
            )
    return data


def check_no_web_page(path: Path, text: str) -> None:
    """Raise :class:`SurveyError` where a text is a web page, such as the error page of a failed download."""
    if WEB_PAGE.match(text[:5000]):
        title = TITLE.search(text[:20_000])
        called = f" ({shown(' '.join(title[1].split()))})" if title else ""
        raise SurveyError(
            f"{path} holds a web page{called} where a table was expected: the download may have failed; open the page, "
            "or sign in, and save the table itself"
        )


def beginning(path: Path) -> str:
    """The first characters of a file, as UTF-8; :class:`SurveyError` if it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(20_000).decode("utf-8", "replace")
    except OSError as error:
        raise SurveyError(f"{path} cannot be opened: {first_fault(error)}") from error


def records_of(text: str | io.StringIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a text with the line that each ends in, blank lines left out."""
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline="") if isinstance(text, str) else text, delimiter=delimiter)
    return ((rows.line_num, cells) for cells in rows if cells and (len(cells) > 1 or cells[0].strip()))


def guess_delimiter(text: str) -> str:
    """The character between columns: the one that cuts most records into as many cells as the first has.

    Example:
        >>> guess_delimiter("id;share" + chr(10) + "1;0,5" + chr(10) + "2;0,25")
        ';'
    """

    def fit(delimiter: str) -> tuple[bool, float, int]:
        try:
            widths = [len(cells) for _, cells in islice(records_of(text, delimiter), LOOKED_AT)]
        except csv.Error:
            return False, 0.0, 0
        width = widths[0] if widths else 0
        return width > 1, Counter(widths)[width] / max(len(widths), 1), width

    return max(DELIMITERS, key=fit)


def _encoding(data: bytes) -> str:
    for mark, name in MARKS.items():
        if data.startswith(mark):
            return name
    start = data[:2000]
    if len(start) > 3 and start.count(0) > len(start) / 4:  # UTF-16 of western text, without its mark
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return "utf-8"


def _decoded(path: Path, data: bytes, encoding: str, delimiter: str | None) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace").removeprefix("\ufeff")
        where = _cell(before, len(before), delimiter or guess_delimiter(before))
        raise SurveyError(
            f"{path} is not in {escaped(encoding, 30)}: {where} holds the byte 0x{data[error.start]:02x}; give the "
            "codebook `encoding`, or save the file in UTF-8"
        ) from error
    except (LookupError, ValueError) as error:
        raise SurveyError(
            f"there is no text encoding {shown(encoding)}: give one that Python knows, such as utf-8, cp1252 or utf-16"
        ) from error


def _utf8_or_guess(path: Path, data: bytes, delimiter: str | None) -> tuple[str, str, list[int]]:
    """The text, its encoding and, in a file of UTF-8 with single broken characters, where these are."""
    text = data.decode("utf-8", "surrogateescape")
    if text.isascii():
        return text, "utf-8", []
    broken = [found.start() for found in BROKEN.finditer(text)]
    whole = len(re.findall("[\x80-\ud7ff\ue000-\U0010ffff]", text))
    if not broken or whole > len(broken):
        return text, "utf-8", broken
    return _decoded(path, data, GUESS, delimiter), GUESS, []


def _cell(text: str, at: int, delimiter: str) -> str:
    """Where a character of a text stands, in words."""
    records = [cells for _, cells in records_of(text[: at + 1], delimiter)]
    if len(records) < 2:
        return "the header"
    place = len(records[-1])
    name = records[0][place - 1] if place <= len(records[0]) else str(place)
    return f"row {len(records) - 1}, column {shown(name.strip(), 40)}"


def _content(text: str, at: int, delimiter: str) -> str:
    """The cell that a character of a text stands in."""
    edges = re.escape(delimiter) + '"\r\n'
    before, after = (
        re.split(f"[{edges}]", text[max(at - 100, 0) : at])[-1],
        re.split(f"[{edges}]", text[at : at + 100])[0],
    )
    return before + after
