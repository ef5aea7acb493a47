"""Results: one tidy row per split, method and metric, saved as results.json and shown as a table."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator

from personaspace.errors import unknown
from personaspace.evaluation.metrics import BEST
from personaspace.evaluation.number_metrics import NUMBER_BEST
from personaspace.evaluation.rows import PAIR
from personaspace.evaluation.sample import Sample
from personaspace.files import read_checked, write_json

MAIN_METRIC = "macro_accuracy"
NUMBER_METRIC = "r2"
"""The main metric for answers that are numbers."""
OF_PROTOCOLS = ("accuracy", "share_of_retest")
"""Metrics that only some protocols have, and that are theirs to be read by."""


Measured = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number, NaN where it does not exist, for which a file has null."""


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
        weighted: Whether respondents count by their survey weights; each metric is measured unweighted, and again
            weighted where the weights are not all equal.
    """

    split: str
    method: str
    metric: str
    value: Measured
    low: Measured
    high: Measured
    respondents: int
    answers: int
    weighted: bool = False


@dataclass(frozen=True)
class Results:
    """The table of an evaluation.

    Attributes:
        survey: The survey's name.
        model: The base model's name, or ``None`` where there was no language model.
        seed: Seed of the bootstrap.
        versions: Versions of the packages used.
        rows: The measurements, in the order they were made.
        sample: How the answers were drawn on which all rows were measured; ``None`` where it was on all of them.
        notes: Sentences on what was left out, of metrics or of prompts.
        disclosure: What was asked of whom, by which model, when and how; see :mod:`personaspace.evaluation.disclosure`.
    """

    survey: str
    model: str | None
    seed: int
    versions: dict[str, str]
    rows: tuple[Row, ...]
    sample: Sample | None = None
    notes: tuple[str, ...] = ()
    disclosure: dict[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        shown = [self.summary(metric).rename_axis(index=metric, columns=None) for metric in self.main_metrics]
        return "\n".join(table.to_html(float_format="{:.3f}".format, na_rep="") for table in shown)

    @property
    def table(self) -> pd.DataFrame:
        """All rows as a tidy table, with the attributes of :class:`Row` as columns."""
        return pd.DataFrame([asdict(row) for row in self.rows])

    @property
    def main_metrics(self) -> tuple[str, ...]:
        """``macro_accuracy`` where answers are choices, ``r2`` where they are numbers, or both.

        After them ``accuracy``, which a published protocol measures, and ``share_of_retest``, where they are there.
        """
        measured = {row.metric for row in self.rows}
        return tuple(metric for metric in (MAIN_METRIC, NUMBER_METRIC, *OF_PROTOCOLS) if metric in measured)

    def summary(self, metric: str | None = None, weighted: bool = False) -> pd.DataFrame:
        """Methods in rows, splits in columns, of one metric, the first main one by default.

        Of the rows for single traits (``group majority: TRAIT``, ``demographic: TRAIT``) only the best on the first
        split that has it is kept: that with the highest accuracy, the lowest loss, the ratio nearest to 1. Rows for
        pairs of traits all stay.

        Raises:
            UnknownNameError: The metric was not measured, or not with survey weights.
        """
        measured = {row.metric for row in self.rows if row.weighted == weighted}
        metric = metric or next(iter(self.main_metrics), "")
        if metric not in measured:
            raise unknown("metric", metric, measured)
        rows = pd.DataFrame([asdict(row) for row in self.rows if (row.metric, row.weighted) == (metric, weighted)])
        wide = rows.pivot_table(index="method", columns="split", values="value", sort=False)
        for family in ("group majority: ", "demographic: "):
            members = wide.index[wide.index.str.startswith(family) & ~wide.index.str.contains(PAIR, regex=False)]
            values = wide.loc[members].dropna(axis="columns", how="all")
            if not values.empty:
                best = _faults(metric, values.iloc[:, 0]).rank(method="first") == 1
                wide = wide.drop(index=members[~best])
        return wide

    def value(self, split: str, method: str, metric: str = MAIN_METRIC, weighted: bool = False) -> float:
        """Look up one measurement.

        Raises:
            KeyError: There is none of this split, method and metric, weighted or not.
        """
        for row in self.rows:
            if (row.split, row.method, row.metric, row.weighted) == (split, method, metric, weighted):
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
        return read_checked(Path(path), cls)


def _faults(metric: str, values: pd.Series[float]) -> pd.Series[float]:
    """Measurements turned so that less is better."""
    best = (BEST | NUMBER_BEST).get(metric, math.inf)
    return (values - best).abs() if math.isfinite(best) else -values * math.copysign(1, best)
