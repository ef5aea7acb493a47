"""Read the exports of REDCap: the raw data as CSV, with the data dictionary beside it where there is one.

The data dictionary, a CSV that REDCap gives under "Data Dictionary", has a row per field: ``Variable / Field Name``,
``Field Type``, ``Field Label``, and under ``Choices, Calculations, OR Slider Labels`` the codes, ``1, Yes | 2, No``.
In the data a field of boxes is a column per choice, ``field___1``, 1 where it was ticked and 0 where not;
``FORM_complete`` says how far a form is, ``redcap_event_name`` and ``redcap_repeat_instance`` which visit a row is of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from personaspace.errors import SurveyError
from personaspace.survey.readers.formats.csv_file import open_csv
from personaspace.survey.readers.formats.exported import Export, heading, written
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import Column, LabelledTable, Role

HEADINGS = {
    "name": ("Variable / Field Name", "field_name"),
    "section": ("Section Header", "section_header"),
    "kind": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "valid": ("Text Validation Type OR Show Slider Number", "text_validation_type_or_show_slider_number"),
    "identifier": ("Identifier?", "identifier"),
    "matrix": ("Matrix Group Name", "matrix_group_name"),
}
"""The columns of a data dictionary that are read, as the page and as the API call them."""

OWN = re.compile(r"redcap_\w+|\w+_timestamp|\w+_complete")
BOX = re.compile(r"(.+?)___(.+)")
KINDS: dict[str, Role] = {"calc": "derived", "slider": "number", "notes": "free text", "file": "administrative"}
TRUTH = {"yesno": "1, Yes | 0, No", "truefalse": "1, True | 0, False"}


@dataclass(frozen=True)
class Field:
    """A row of the data dictionary, texts as they stand there."""

    name: str
    section: str
    kind: str
    label: str
    choices: str
    valid: str
    identifier: str
    matrix: str

    @property
    def codes(self) -> dict[str, str]:
        """The label of each code, in order."""
        if self.kind not in ("radio", "dropdown", "checkbox", *TRUTH):
            return {}
        parts = [part.partition(",") for part in TRUTH.get(self.kind, self.choices).split("|")]
        return {code.strip(): heading(label) for code, comma, label in parts if comma}

    @property
    def role(self) -> Role | None:
        """What the field is for, where its type says so."""
        if self.identifier.casefold() == "y":
            return "administrative"
        if self.kind == "text":
            if self.valid.startswith(("integer", "number")):
                return "number"
            return "administrative" if self.valid else "free text"
        return KINDS.get(self.kind)


def recognizes(grid: Grid) -> bool:
    """Whether the columns are REDCap's, or a data dictionary beside the file names them."""
    if set(HEADINGS["name"]) & set(grid.header):
        return True
    names = [name for name in grid.header if name]
    own = sum(bool(OWN.fullmatch(name)) or bool(BOX.fullmatch(name)) for name in names)
    if names[:1] == ["record_id"] and own > 0:
        return True
    return "redcap_event_name" in names or bool(_fields(grid)[0])


def read(grid: Grid) -> LabelledTable:
    """The columns of the data, with texts, codes and roles from the data dictionary.

    Raises:
        SurveyError: The file is the data dictionary itself.
    """
    if set(HEADINGS["name"]) & set(grid.header):
        raise SurveyError(f"{grid.path} is REDCap's data dictionary: name the file of data, with this one beside it")
    fields, dictionary = _fields(grid)
    cells = grid.named(grid.header)
    first = next(iter(cells))
    once = bool(cells[first].is_unique and cells[first].notna().all())
    columns = {name: _column(name, column, fields) for name, column in cells.items()}
    columns[first] = Column(first, cells[first], columns[first].text, role="respondent" if once else "administrative")
    notes = (
        [f"texts and codes are from the data dictionary {dictionary}"]
        if dictionary
        else [
            "no data dictionary of REDCap lies beside it: download it as CSV into the same folder for texts and codes"
        ]
    )
    if not once:
        notes.append(f"{first} is not unique: a row is an event or an instance, not a person; keep one event's rows")
    return LabelledTable(grid.path, columns, (*grid.notes, *notes))


EXPORT = Export(recognizes, read)


def _column(name: str, cells: pd.Series, fields: dict[str, Field]) -> Column:
    if name in fields:
        field = fields[name]
        role = written(cells) if field.role == "free text" else field.role
        return Column(name, cells, _text(field), field.codes, role=role)
    box = BOX.fullmatch(name)
    if box and (not fields or box[1] in fields):
        stem = fields.get(box[1])
        choices = {_in_a_name(code): label for code, label in stem.codes.items()} if stem else {}
        text = f"{_text(stem) if stem else box[1]} - {choices.get(box[2], box[2])}"
        return Column(name, cells, text, group=box[1])
    return Column(name, cells, role="administrative" if OWN.fullmatch(name) else None)


def _text(field: Field) -> str:
    """The field's label, after the text above it where it is a row of a matrix."""
    return (
        f"{heading(field.section)} - {heading(field.label)}" if field.matrix and field.section else heading(field.label)
    )


def _in_a_name(code: str) -> str:
    """A code as it stands in the name of a box: -99 is field____99."""
    return code.casefold().replace("-", "_")


def _fields(grid: Grid) -> tuple[dict[str, Field], str | None]:
    """The fields of the data dictionary beside the data, and its name; it describes most of the columns."""
    names = {BOX.sub(r"\1", name) for name in grid.header if not OWN.fullmatch(name)}
    for path in sorted(grid.path.parent.glob("*.csv")):
        if "dictionary" not in path.name.casefold() or path == grid.path:
            continue
        fields = {field.name: field for field in _rows(path)}
        if len(names & fields.keys()) > len(names) / 2:
            return fields, path.name
    return {}, None


def _rows(path: Path) -> Iterator[Field]:
    """The rows of a data dictionary; none where the file is no such table."""
    try:
        grid = open_csv(path)
    except SurveyError:
        return
    place = {name: j for j, name in enumerate(grid.header)}
    at = {key: next((place[one] for one in both if one in place), None) for key, both in HEADINGS.items()}
    if at["name"] is None:
        return
    above = ("", "")
    for number in range(len(grid.cells)):
        row = grid.row(number)
        given = {key: "" if j is None else row[j] for key, j in at.items()}
        if given["matrix"] and given["matrix"] == above[0] and not given["section"]:
            given["section"] = above[1]
        above = (given["matrix"], given["section"])
        yield Field(**given)
