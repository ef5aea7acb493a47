"""Read the responses of LimeSurvey: CSV or Excel, headings as question codes, texts, or both.

The export lets the user choose headings (``Q1[SQ001]``; the text; ``Q1[SQ001]. The text [The item]``) and answers
(codes or full texts). The first columns are LimeSurvey's own: ``id`` or ``Response ID``, ``submitdate``, ``lastpage``,
``startlanguage``, ``seed``, ``startdate``, ``datestamp``; times of groups and questions may stand at the end. A box
that was ticked holds ``Y`` or ``Yes``, one that was not nothing, ``N`` or ``No``; ``N/A`` marks, among full texts, a
question that was not shown.
"""

from __future__ import annotations

import re

import pandas as pd

from personaspace.survey.readers.formats.exported import Export, heading, numbered, written
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import Column, LabelledTable, Role

OWN = {
    "submitdate": "date submitted",
    "lastpage": "last page",
    "startlanguage": "start language",
    "seed": "seed",
    "startdate": "date started",
    "datestamp": "date last action",
    "ipaddr": "ip address",
    "refurl": "referrer url",
    "token": "access code",
    "interviewtime": "total time",
}
"""LimeSurvey's own columns, by code and by text."""

RESPONDENT = {"id": "response id"}
MORE = ("firstname", "lastname", "email", "attribute", "first name", "last name", "email address")
SURE = 2
"""Columns of LimeSurvey's own that a table has at the least."""

CODED = re.compile(r"([A-Za-z]\w*(?:\[[^\[\]]*\])*)\. (.*)", re.DOTALL)
PART = re.compile(r"(.+?)\s*\[([^\[\]]*)\](.*)", re.DOTALL)
TIMES = re.compile(r"interviewtime|groupTime\d*|.+Time|(?:Group|Question) time:.*")
TICKED = {"Y", "Yes", "1"}
NOT_TICKED = {"N", "No", "0"}
NOT_SHOWN = "N/A"


def recognizes(grid: Grid) -> bool:
    """Whether a column has the response's id and several are LimeSurvey's own."""
    fields = [_code_and_text(name.casefold()) for name in grid.header]
    own = sum(code in OWN or text in OWN.values() for code, text in fields)
    ids = any(code in RESPONDENT or text in RESPONDENT.values() for code, text in fields)
    return ids and own >= SURE


def read(grid: Grid) -> LabelledTable:
    """The columns of the responses; the boxes of a question, one ``Q1[SQ001]`` each, together."""
    split = [_code_and_text(name) for name in grid.header]
    names = numbered([code or text for code, text in split])
    cells = grid.named(names)
    roles = {name: _role(code, text, cells[name]) for name, (code, text) in zip(names, split, strict=True)}
    boxes: dict[str, list[str]] = {}
    for name in names:
        if roles[name] is None and (found := PART.fullmatch(name)) and not found[3]:
            boxes.setdefault(found[1], []).append(name)
    groups = {
        name: stem for stem, parts in boxes.items() if _are_boxes([cells[name] for name in parts]) for name in parts
    }
    columns = {
        name: Column(
            name,
            cells[name],
            text=_text(text or (name if name in groups else "")) or None,
            declared=frozenset({NOT_SHOWN} if (cells[name] == NOT_SHOWN).any() else ()),
            group=groups.get(name),
            role=roles[name],
        )
        for name, (_, text) in zip(names, split, strict=True)
    }
    return LabelledTable(grid.path, columns, grid.notes)


EXPORT = Export(recognizes, read)


def _code_and_text(name: str) -> tuple[str, str]:
    """The code and the text in a heading, either of them empty."""
    if found := CODED.fullmatch(name):
        return found[1], found[2]
    is_code = re.fullmatch(r"[A-Za-z]\w*(?:\[[^\[\]]*\])*", name)
    return (name, "") if is_code else ("", name)


def _role(code: str, text: str, cells: pd.Series) -> Role | None:
    field, words = code.casefold(), text.casefold()
    if field in RESPONDENT or (not code and words in RESPONDENT.values()):
        return "respondent"
    if field in OWN or field.startswith(MORE) or (not code and (words in OWN.values() or words in MORE)):
        return "administrative"
    if TIMES.fullmatch(code or text):
        return "administrative"
    part = PART.fullmatch(code or text)
    if part and (part[2].casefold().endswith(("other", "comment")) or part[3].endswith("comment")):
        return written(cells)
    return None


def _are_boxes(columns: list[pd.Series]) -> bool:
    """Whether the columns of a question are boxes, ticked or not, rather than the rows of an array."""
    held = {str(cell) for cells in columns for cell in cells.dropna().unique()} - {NOT_SHOWN}
    return bool(held & TICKED) and held <= TICKED | NOT_TICKED


def _text(text: str) -> str:
    found = PART.fullmatch(heading(text))
    return f"{found[1]} - {found[2]}" if found and found[2] and not found[3] else heading(text)
