"""Read the responses of Google Forms: the CSV that the form gives, or its Google sheet saved as CSV or Excel.

The first column is the time of the response, called ``Timestamp`` in the form's language; an address and the score of
a quiz may follow. Every other column has a question as its header, that of a grid ``Question [Row]``; the boxes ticked
stand in one cell, ``;`` between them in the CSV and ``, `` in the sheet. There is no id.
"""

from __future__ import annotations

import re

from personaspace.survey.readers.formats.exported import Export, heading, numbered
from personaspace.survey.readers.formats.grid import Grid
from personaspace.survey.readers.labelled_table import Column, LabelledTable, Role

TIMESTAMPS = (
    "timestamp", "zeitstempel", "horodateur", "marca temporal", "carimbo de data/hora", "informazioni cronologiche",
    "tijdstempel", "sygnatura czasowa", "отметка времени", "zaman damgas\u0131", "タイムスタンプ", "时间戳记",
)  # fmt: skip
ADDRESSES = ("email address", "email addresses", "username", "e-mail-adresse", "adresse e-mail", "nombre de usuario")
TIME = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[ T,].*\d{1,2}[:.]\d{2}.*")
GRID_ROW = re.compile(r"(.+?)\s*\[([^\[\]]+)\]")


def recognizes(grid: Grid) -> bool:
    """Whether the first column is called a timestamp and holds times."""
    if not grid.header or grid.header[0].casefold() not in TIMESTAMPS or len(grid.header) < 2:
        return False
    return bool(TIME.fullmatch(grid.row(0)[0]))


def read(grid: Grid) -> LabelledTable:
    """The columns of the responses, named by their questions."""
    names = numbered([name or f"column {j + 1}" for j, name in enumerate(grid.header)])
    columns = {}
    for j, (name, cells) in enumerate(grid.named(names).items()):
        found = GRID_ROW.fullmatch(heading(grid.header[j]))
        text = f"{found[1]} - {found[2]}" if found else heading(grid.header[j])
        columns[name] = Column(name, cells, text=text, role=_role(j, name.casefold()))
    return LabelledTable(grid.path, columns, grid.notes)


EXPORT = Export(recognizes, read)


def _role(place: int, name: str) -> Role | None:
    if place == 0 or name in ADDRESSES:
        return "administrative"
    return "derived" if name == "score" or name.endswith(("[score]", "[feedback]")) else None
