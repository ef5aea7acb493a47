"""Read the exports of Qualtrics: CSV, TSV or Excel with two or three header rows.

The `documentation <https://www.qualtrics.com/support/survey-platform/data-and-analysis-module/data/download-data/understanding-your-dataset/>`_
says: the first header is the internal id of the field, the second the text of the question, the third the id by which
data are imported again, ``{"ImportId": "QID1"}``. Older exports have the first two. Answers are choice texts or numbers;
"tick all that apply" is split into a column per choice on request, and questions that were seen but not answered may be
recoded as -99.
"""  # noqa: E501  (an address)

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pandas as pd

from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.formats.exported import Export, are_ticks, heading, written
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import Column, LabelledTable, Role

UNANSWERED = "-99"
"""Qualtrics' own proposal for questions that were seen but not answered."""

RESPONDENT = ("_recordid", "responseid")
ADMINISTRATIVE = (
    "startdate", "enddate", "status", "ipaddress", "progress", "duration", "finished", "recordeddate",
    "recipientlastname", "recipientfirstname", "recipientemail", "externaldatareference", "externalreference",
    "locationlatitude", "locationlongitude", "locationaccuracy", "distributionchannel", "userlanguage",
    "responseset", "name", "emailaddress",
)  # fmt: skip
"""Fields that Qualtrics adds, in lower case without blanks; the last three are of older exports."""

TECHNICAL = re.compile(
    r"Q_.*|SC\d+|.*_DO(?:_.*)?|.*_(?:First Click|Last Click|Page Submit|Click Count)"
    r"|.*_(?:Browser|Version|Operating System|Resolution)"
)
"""Names of timers, orders of display, browsers, checks for duplicates, and scores."""

QUESTION = re.compile(r"(?:\d+_)?QID\d+")
"""The id of a question at the beginning of a column's, with the round of a loop before it."""

SELECTED = " - Selected Choice"
PREVIEW = ("1", "Survey Preview", "2", "Survey Test")


def header_rows(grid: Grid) -> int:
    """How many rows of a grid are Qualtrics' headers: 3, 2, 1 where the others were taken out, 0 in any other file."""
    texts, imports = grid.row(0), grid.row(1)
    if sum(_import_id(cell) is not None for cell in imports) > len(imports) / 2:
        return 3
    ids = [name for name, text in zip(grid.header, texts, strict=True) if _bare(text) == "responseid"]
    if any(_bare(name) in ("responseid", "v1") for name in ids):
        return 2
    own = [grid.cells[j].dropna() for j, name in enumerate(grid.header) if _bare(name) == "responseid"]
    return int(any(len(cells) and cells.astype(str).str.startswith("R_").all() for cells in own))


def read(grid: Grid) -> LabelledTable:
    """The columns of an export, those that Qualtrics adds with their roles and the boxes of a question together."""
    rows = header_rows(grid)
    names = [name or f"column {j + 1}" for j, name in enumerate(grid.header)]
    texts = dict(zip(names, grid.row(0), strict=True)) if rows > 1 else dict.fromkeys(names, "")
    imports = dict(zip(names, (_import_id(cell) or "" for cell in grid.row(1)), strict=True)) if rows == 3 else {}
    cells = grid.below(rows - 1).named(names)
    roles = {name: _role(name, texts[name], imports.get(name, ""), cells[name]) for name in names}
    groups = _groups({name: column for name, column in cells.items() if roles[name] is None}, imports)
    columns = {
        name: Column(
            name,
            column,
            text=heading(texts[name]).replace(SELECTED, "") or None,
            declared=frozenset({UNANSWERED} if roles[name] is None and _has_unanswered(column) else ()),
            group=groups.get(name),
            role=roles[name],
        )
        for name, column in cells.items()
    }
    previews = sum(int(column.isin(PREVIEW).sum()) for name, column in cells.items() if _bare(name) == "status")
    notes = [f"{previews} row(s) are previews or tests of the survey, as Status says"] if previews else []
    return LabelledTable(grid.path, columns, (*grid.notes, *notes))


EXPORT = Export(lambda grid: header_rows(grid) > 0, read)


def _role(name: str, text: str, import_id: str, cells: pd.Series) -> Role | None:
    fields = {_bare(import_id or text), _bare(name)}
    if fields & {*RESPONDENT}:
        return "respondent" if cells.notna().all() else "administrative"
    if fields & {*ADMINISTRATIVE} and not QUESTION.match(import_id):
        return "administrative"
    if TECHNICAL.fullmatch(name):
        return "derived" if name.startswith("SC") else "administrative"
    return written(cells) if (import_id or name).endswith("_TEXT") else None


def _groups(cells: Mapping[str, pd.Series], imports: Mapping[str, str]) -> dict[str, str]:
    """The question of each box to tick; the rows of a matrix look alike and hold more than one value."""
    by_question: dict[str, list[str]] = {}
    for name in cells:
        found = QUESTION.match(imports.get(name, ""))
        by_question.setdefault(found[0] if found else name.rpartition("_")[0], []).append(name)
    groups: dict[str, str] = {}
    for question, names in by_question.items():
        if question and are_ticks([cells[name] for name in names], (UNANSWERED, "0")):
            stems = {name.rpartition("_")[0] for name in names}
            groups |= dict.fromkeys(names, stems.pop() if len(stems) == 1 else question)
    return groups


def _has_unanswered(cells: pd.Series) -> bool:
    return any(plain(cell) == UNANSWERED for cell in cells.dropna().unique())


def _bare(text: str) -> str:
    """A field's name without blanks and what stands in brackets, in lower case."""
    return re.sub(r"\(.*?\)|\s", "", text).casefold()


def _import_id(cell: str) -> str | None:
    """The id in a cell of the third header row."""
    if not cell.startswith("{"):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return str(found["ImportId"]) if isinstance(found, dict) and "ImportId" in found else None
