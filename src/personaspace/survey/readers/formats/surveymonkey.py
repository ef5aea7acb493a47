"""Read the exports of SurveyMonkey: CSV or Excel with two header rows.

In "all responses" exports the first row has the fields that SurveyMonkey adds (``Respondent ID``, ``Collector ID``,
``Start Date``, ...) and the texts of the questions, empty where a question goes on; the second row says what a column
of the question is: ``Response`` for one choice, ``Open-Ended Response``, the text of a box or of a row of a matrix, or
``Other (please specify)``. Cells hold the texts chosen, or their numbers.
"""

from __future__ import annotations

import re

from personaspace.survey.readers.formats.exported import Export, are_ticks, heading, numbered, written
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import Column, LabelledTable, Role

RESPONDENT, COLLECTOR = "respondent id", "collector id"
ADMINISTRATIVE = (
    COLLECTOR, "start date", "end date", "date created", "date modified", "ip address", "email address", "first name",
    "last name", "collector name", "response status",
)  # fmt: skip
CUSTOM = re.compile(r"custom(?: data)? \d+")
RESPONSE, OPEN = "response", "open-ended response"
TO_WRITE = ("please specify", "comment")


def recognizes(grid: Grid) -> bool:
    """Whether the first row has SurveyMonkey's ids."""
    fields = [_bare(name) for name in grid.header]
    return RESPONDENT in fields[:2] and COLLECTOR in fields[:3]


def read(grid: Grid) -> LabelledTable:
    """The columns of an export, named by the question and, where it has several, what each of them is."""
    parts = [heading(cell) for cell in grid.row(0)]
    own = [_own_role(name) for name in grid.header]
    second = all(not part for part, role in zip(parts, own, strict=True) if role is not None)
    body = grid.below(1) if second else grid
    asked: list[str] = []
    for name in grid.header:
        asked.append(heading(name) or (asked[-1] if asked else ""))
    whole = [
        question if not second or not part or part.casefold() in (RESPONSE, OPEN) else f"{question} - {part}"
        for question, part in zip(asked, parts, strict=True)
    ]
    names = numbered(whole)
    cells = body.named(names)
    roles = [
        role or (written(cells[name]) if second and _is_written(part) else None)
        for role, part, name in zip(own, parts, names, strict=True)
    ]
    parted: dict[str, list[str]] = {}
    for name, question, role in zip(names, asked, roles, strict=True):
        if role is None and name != question:
            parted.setdefault(question, []).append(name)
    groups = {
        name: question
        for question, boxes in parted.items()
        if are_ticks([cells[name] for name in boxes])
        for name in boxes
    }
    columns = {
        name: Column(name, cells[name], text=text if role is None else None, group=groups.get(name), role=role)
        for name, text, role in zip(names, whole, roles, strict=True)
    }
    return LabelledTable(grid.path, columns, grid.notes)


EXPORT = Export(recognizes, read)


def _bare(name: str) -> str:
    return name.replace("_", " ").strip().casefold()


def _own_role(name: str) -> Role | None:
    """The role of a field that SurveyMonkey adds."""
    field = _bare(name)
    if field == RESPONDENT:
        return "respondent"
    return "administrative" if field in ADMINISTRATIVE or CUSTOM.fullmatch(field) else None


def _is_written(part: str) -> bool:
    return part.casefold() == OPEN or any(word in part.casefold() for word in TO_WRITE)
