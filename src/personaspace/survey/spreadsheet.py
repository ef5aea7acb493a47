"""Tables as CSV files for people: no text in them is taken for a formula by a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from personaspace.errors import RunError, escaped
from personaspace.files import write_text

FORMULA = re.compile("'*[=+\\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
                     "\N{FULLWIDTH COMMERCIAL AT}]")  # fmt: skip
NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?")


def csv_text(table: pd.DataFrame) -> str:
    """A table as the text of a CSV file for people: no text in it is taken for a formula by a spreadsheet.

    A text that begins with = + - @, a tab or a line end, and is not a number, gets an apostrophe before it, as OWASP
    recommends (https://owasp.org/www-community/attacks/CSV_Injection). :func:`read_csv` takes it away.
    """
    safe = table.rename(columns=_as_text)
    for place in range(len(table.columns)):
        column = table.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column):
            safe.isetitem(place, column.astype(object).map(_as_text, na_action="ignore").array)
    text = safe.to_csv(index=False)
    if "\r" in text:  # which alone is not quoted, but read as the end of a row
        text = safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV atomically; see :func:`csv_text`.

    Raises:
        RunError: The file cannot be written.
    """
    write_text(path, csv_text(table))


def read_csv(path: Path, texts: Sequence[str]) -> pd.DataFrame:
    """Read what :func:`write_csv` wrote.

    Args:
        path: The file.
        texts: The columns of texts, in which nothing is missing.

    Raises:
        RunError: The file is missing, damaged or lacks one of these columns.
    """
    if not path.is_file():
        raise RunError(f"{path} is missing: make it again")
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False)
        return table.assign(**{name: table[name].map(from_text) for name in texts})
    except (OSError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise RunError(f"{path} is not readable ({escaped(str(error), most=200)}): make it again") from error


def from_text(cell: str) -> str:
    """A cell as it was before :func:`write_csv` made it safe."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _as_text(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell
