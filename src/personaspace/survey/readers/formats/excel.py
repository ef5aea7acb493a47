"""Open a sheet of an Excel workbook (.xlsx) as a grid."""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from personaspace.errors import SurveyError, first_fault, listed, shown
from personaspace.survey.readers.formats.grid import Grid

DAMAGED = (
    OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, OverflowError, MemoryError, ParseError,
    zipfile.BadZipFile, zlib.error, RuntimeError,
)  # fmt: skip
"""What openpyxl raises on files that are damaged or no workbooks."""

OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""How files of Microsoft's older container begin."""

MOST_BYTES = 4_000_000_000
"""Bytes of an unpacked workbook; a small file that unpacks to more is an attack or a mistake."""

UNCALCULATED = re.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>|<f\b[^>]*/>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
"""A formula without the value that Excel saves beside it."""


def open_excel(path: Path, sheet: str | None = None) -> Grid:
    """Open a sheet of an Excel workbook.

    Text cells are text and numbers numbers; dates are written as in ISO 8601. Of formulas the values are read that
    Excel saved with them; cells with an error such as ``#N/A`` are empty.

    Args:
        path: An .xlsx or .xlsm file.
        sheet: The sheet's name; the first if not given.

    Raises:
        SurveyError: The file is damaged, encrypted or an old .xls, or has no such sheet.
    """
    try:
        if path.read_bytes()[:4] == OLD_OR_ENCRYPTED:
            raise SurveyError(f"{path} is an old .xls or has a password: save it as .xlsx without one, or as CSV")
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                raise SurveyError(f"{path} unpacks to more than {MOST_BYTES // 10**9} GB: save the sheet as CSV")
            pages = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        rows, notes = _rows(path, sheet)
    except SurveyError:
        raise
    except DAMAGED as error:
        raise SurveyError(f"{path} cannot be read as an Excel workbook: {first_fault(error)}; save it anew") from error
    if blank := sum(len(UNCALCULATED.findall(page)) for page in pages):
        notes.append(
            f"{blank} formula(s) were saved without their values and are empty: open the file in Excel and save it"
        )
    width = max(map(len, rows), default=0)
    header = ["" if cell is None else str(cell).strip() for cell in rows[0]] if rows else []
    padded = [[*row, *[None] * (width - len(row))] for row in rows[1:]]
    cells = pd.DataFrame(padded, columns=range(width), dtype=object).infer_objects()
    return Grid(path, (*header, *[""] * (width - len(header))), cells, tuple(notes))


def _rows(path: Path, sheet: str | None) -> tuple[list[list[Any]], list[str]]:
    """The rows of a sheet from the first that is not empty, and what a reader of the data should know."""
    from openpyxl import load_workbook  # most surveys are no workbooks

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        names = [page.title for page in book.worksheets]
        if not names or (sheet is not None and sheet not in names):
            raise SurveyError(f"{path} has no sheet {shown(sheet or '')}: it has {listed(names) or 'none'}")
        page = book[names[0] if sheet is None else sheet]
        page.reset_dimensions()  # some programs state them wrongly
        wrong: list[str] = []
        rows = [[_cell(cell, wrong) for cell in row] for row in page.iter_rows()]
    finally:
        book.close()
    notes = []
    if sheet is None and len(names) > 1:
        notes.append(f"the first of {len(names)} sheets, {shown(names[0])}, was read, not {listed(names[1:])}")
    if wrong:
        notes.append(f"{len(wrong)} cell(s) hold an error of Excel and are empty, first {wrong[0]}")
    first = next((at for at, row in enumerate(rows) if any(cell is not None for cell in row)), len(rows))
    return rows[first:], notes


def _cell(cell: Any, wrong: list[str]) -> object:
    value = cell.value
    if cell.data_type == "e":
        wrong.append(f"{value} in {cell.coordinate}")
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, str):
        return value if value.strip() else None
    return value if value is None or isinstance(value, int | float) else str(value)
