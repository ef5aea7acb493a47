"""The files of saved personas: the schema of ``personas.json``, and the arrays that belong to it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import FiniteFloat

from personaspace.errors import SettingError, shown
from personaspace.files import check_tensors
from personaspace.persona.gaussian_mixture import AnswerMixture
from personaspace.survey.question import repeated

Kind = Literal["individual", "cluster", "demographic", "mixture"]
Records = list[dict[str, str | int | float | bool | None]]

FORMAT = 1
"""Version of the files."""


@dataclass(frozen=True)
class SavedPersona:
    """A persona in ``personas.json``."""

    name: str
    kind: Kind
    share: FiniteFloat
    members: tuple[str, ...]
    label: str = ""
    label_given: bool = False

    def __post_init__(self) -> None:
        if twice := repeated(self.members):
            raise SettingError(f"persona {shown(self.name)} has the member {shown(twice[0])} twice")


@dataclass(frozen=True)
class SavedPersonas:
    """The content of ``personas.json``."""

    personas: tuple[SavedPersona, ...]
    curve: Records | None
    clusters: Records | None = None
    notes: tuple[str, ...] = ()


def saved_mixture(path: Path, tensors: Mapping[str, Any], personas: int) -> AnswerMixture:
    """The mixture among saved arrays; :class:`RunError` where they do not fit together or to so many personas."""
    check_tensors(path, tensors, {"mixture_mean": (None,), "mixture_basis": (None, None)})
    options, dim = len(tensors["mixture_mean"]), tensors["mixture_basis"].shape[1]
    shapes: dict[str, tuple[int | None, ...]] = {"mixture_basis": (options, dim), "mixture_shares": (personas,)}
    check_tensors(path, tensors, shapes | dict.fromkeys(("mixture_centres", "mixture_variances"), (personas, dim)))
    return AnswerMixture.from_tensors(tensors)


def to_records(table: pd.DataFrame | None) -> list[dict[Hashable, Any]] | None:
    """A table as JSON, ``None`` in its gaps."""
    return None if table is None else table.astype(object).where(table.notna(), None).to_dict(orient="records")


def from_records(records: Records | None) -> pd.DataFrame | None:
    """The table of :func:`to_records`."""
    if records is None:
        return None
    table = pd.DataFrame(records)
    return table.astype({column: float for column in table if table[column].isna().all()})
