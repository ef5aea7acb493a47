"""Results: one tidy row per split, method and metric, saved as results.json and shown as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import RunError
from personaspace.files import read_json, write_json

MAIN_METRIC = "macro_accuracy"
NUMBER_METRIC = "r2"
"""The main metric for answers that are numbers."""


@dataclass(frozen=True)
class Row:
    """One number with its 95% interval.

    Attributes:
        split: The evaluation set.
        method: The method that predicted the answers.
        metric: The metric.
        value: The measurement.
        low: Lower end of the interval.
        high: Upper end.
        respondents: Respondents measured on.
        answers: Answers measured on.
    """

    split: str
    method: str
    metric: str
    value: float
    low: float
    high: float
    respondents: int
    answers: int


@dataclass(frozen=True)
class Results:
    """The table of an evaluation.

    Attributes:
        survey: The survey's name.
        model: The base model's name, or ``None`` where no language model was steered.
        seed: Seed of the bootstrap.
        versions: Versions of the packages used.
        rows: The measurements, in the order they were made.
    """

    survey: str
    model: str | None
    seed: int
    versions: dict[str, str]
    rows: tuple[Row, ...]

    @property
    def table(self) -> pd.DataFrame:
        """All rows as a tidy table, with the attributes of :class:`Row` as columns."""
        return pd.DataFrame([asdict(row) for row in self.rows])

    @property
    def main_metrics(self) -> tuple[str, ...]:
        """``macro_accuracy`` where answers are choices, ``r2`` where they are numbers, or both."""
        measured = {row.metric for row in self.rows}
        return tuple(metric for metric in (MAIN_METRIC, NUMBER_METRIC) if metric in measured)

    def summary(self, metric: str | None = None) -> pd.DataFrame:
        """Methods in rows, splits in columns, of one metric, the first main one by default.

        Of the rows for single traits (``group majority: TRAIT``, ``demographic: TRAIT``) only the best on the first
        split that has it is kept.
        """
        metric = metric or self.main_metrics[0]
        rows = pd.DataFrame([asdict(row) for row in self.rows if row.metric == metric])
        wide = rows.pivot_table(index="method", columns="split", values="value", sort=False)
        for family in ("group majority: ", "demographic: "):
            members = wide.index[wide.index.str.startswith(family)]
            best = wide.loc[members].iloc[:, 0].rank(ascending=False, method="first") == 1
            wide = wide.drop(index=members[~best])
        return wide

    def value(self, split: str, method: str, metric: str = MAIN_METRIC) -> float:
        """Look up one measurement.

        Raises:
            KeyError: There is none of this split, method and metric.
        """
        for row in self.rows:
            if (row.split, row.method, row.metric) == (split, method, metric):
                return row.value
        raise KeyError((split, method, metric))

    def to_json(self) -> dict[str, Any]:
        """As ``results.json`` holds it; a measurement that does not exist (NaN) becomes null."""
        content = asdict(self)
        content["rows"] = [{k: None if v != v else v for k, v in row.items()} for row in content["rows"]]
        return content

    def save(self, path: str | Path) -> None:
        """Write ``results.json`` atomically.

        Raises:
            RunError: The file cannot be written.
        """
        write_json(Path(path), self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> Results:
        """Read what :meth:`save` wrote.

        Raises:
            RunError: The file is missing or does not hold results.
        """
        content = read_json(Path(path))
        try:
            rows = tuple(Row(**_with_nan(row)) for row in content.pop("rows"))
            return cls(**content, rows=rows)
        except (TypeError, KeyError, AttributeError) as error:
            raise RunError(f"{path} does not hold results ({error}): run evaluate again") from error


def _with_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in row.items()}
