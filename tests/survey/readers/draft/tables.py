"""Small labelled tables, written down column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.survey.readers.draft.draft import Draft, draft
from personaspace.survey.readers.labelled_table import Column, LabelledTable

ROWS = 240


def column(
    name: str,
    cells: Sequence[object],
    text: str | None = None,
    labels: Sequence[str] | Mapping[str, str] = (),
    **more: object,
) -> Column:
    """A column whose cells are repeated to fill the table; labels are given by code, or for codes 1, 2, ..."""
    coded = labels if isinstance(labels, Mapping) else {str(code): label for code, label in enumerate(labels, 1)}
    full = [cells[row % len(cells)] for row in range(ROWS)]
    return Column(name, pd.Series(full), text, coded, **more)  # type: ignore[arg-type]


def answers(points: int, seed: int = 0, blank: float = 0) -> list[object]:
    """Codes 1 to ``points``, drawn at random, some of them blank."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(1, points + 1, ROWS).astype(object)
    drawn[rng.random(ROWS) < blank] = None
    return list(drawn)


def drafted(*columns: Column) -> Draft:
    """The draft of these columns."""
    return draft(LabelledTable(Path("survey.sav"), {one.name: one for one in columns}))


def roles(*columns: Column) -> dict[str, str]:
    """The roles guessed, by column."""
    return {guess.column: guess.role for guess in drafted(*columns).guesses}
