"""Results: one tidy row per split, method and metric, saved as results.json and shown as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from personaspace.errors import unknown
from personaspace.evaluation.measures.differences import Difference, Draws, Measured, differences
from personaspace.evaluation.measures.metrics import BEST, Bin
from personaspace.evaluation.measures.number_metrics import NUMBER_BEST
from personaspace.evaluation.rows.choice import PAIR
from personaspace.evaluation.sample import Sample
from personaspace.files import read_checked, write_json

MAIN_METRIC = "macro_accuracy"
NUMBER_METRIC = "r2"
"""The main metric for answers that are numbers."""
OF_PROTOCOLS = ("accuracy", "share_of_retest")
"""Metrics that only some protocols have, and that are theirs to be read by."""


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

    @property
    def of_groups(self) -> bool:
        """Whether it was measured within the groups of a trait or the personas, which its metric names."""
        return ": " in self.metric or " within " in self.metric


@dataclass(frozen=True)
class Curve:
    """The reliability curve of a method on an evaluation set: bins of confidence, each with the share right."""

    split: str
    method: str
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class OfGroups:
    """Measurements of one method within groups as a file holds them: value, low, high, respondents, answers."""

    split: str
    method: str
    weighted: bool
    metrics: dict[str, tuple[Measured, Measured, Measured, int, int]]


@dataclass(frozen=True)
class Results:
    """The table of an evaluation.

    Attributes:
        survey: The survey's name.
        model: The base model's name, or ``None`` where there was no language model.
        seed: Seed of the bootstrap.
        versions: Versions of the packages used.
        rows: The measurements, in the order they were made; those within groups behind.
        sample: How the answers were drawn on which all rows were measured; ``None`` where it was on all of them.
        notes: Sentences on what was left out, of metrics or of prompts.
        disclosure: What was asked of whom, by which model, when and how; see :mod:`personaspace.evaluation.disclosure`.
        paired: The differences of every two methods that :meth:`summary` shows, by the main metrics and log-loss.
        curves: The reliability curve of each method that predicts choices.
    """

    survey: str
    model: str | None
    seed: int
    versions: dict[str, str]
    rows: tuple[Row, ...]
    sample: Sample | None = None
    notes: tuple[str, ...] = ()
    disclosure: dict[str, str] = field(default_factory=dict)
    paired: tuple[Difference, ...] = ()
    curves: tuple[Curve, ...] = ()

    def _repr_html_(self) -> str:
        shown = [self.summary(metric).rename_axis(index=metric, columns=None) for metric in self.main_metrics]
        return "\n".join(table.to_html(float_format="{:.3f}".format, na_rep="n/a") for table in shown)

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

    @property
    def differences(self) -> pd.DataFrame:
        """All paired comparisons as a tidy table, with the attributes of :class:`Difference` as columns."""
        return pd.DataFrame([asdict(row) for row in self.paired], columns=[of.name for of in fields(Difference)])

    @property
    def reliability(self) -> pd.DataFrame:
        """All reliability curves: each bin's mean ``confidence``, share predicted ``right``, count of ``answers``."""
        rows = [(curve.split, curve.method, *of_bin) for curve in self.curves for of_bin in curve.bins]
        return pd.DataFrame(rows, columns=["split", "method", *Bin._fields])

    def with_differences(self, draws: Sequence[Draws]) -> Results:
        """The results with a paired comparison of every two methods that :meth:`summary` shows."""
        metrics = dict.fromkeys((of.metric, of.weighted) for of in draws)
        shown = {
            (metric, weighted, method)
            for metric, weighted in metrics
            for method in self.summary(metric, weighted).index
        }
        return replace(self, paired=tuple(differences(draws, shown)))

    def difference(
        self, method: str, other: str, split: str, metric: str | None = None, weighted: bool = False
    ) -> Difference:
        """How much one method's measurement is above another's, with its interval and p-value.

        Args:
            method: A method of :meth:`summary`.
            other: The method that is subtracted.
            split: The evaluation set.
            metric: A main metric or ``log_loss``; the first main one if not given.
            weighted: Whether respondents count by their survey weights.

        Raises:
            KeyError: The two were not compared there: one is not in the summary, or they were measured on different
                answers.
        """
        metric = metric or next(iter(self.main_metrics), "")
        for row in self.paired:
            if (row.split, row.metric, row.weighted) == (split, metric, weighted):
                if (row.method, row.other) == (method, other):
                    return row
                if (row.other, row.method) == (method, other):
                    return replace(row, method=method, other=other, value=-row.value, low=-row.high, high=-row.low)
        raise KeyError((method, other, split, metric))

    def summary(self, metric: str | None = None, weighted: bool = False) -> pd.DataFrame:
        """Methods in rows, splits in columns, of one metric, the first main one by default.

        Of the rows for single traits (``group majority: TRAIT``, ``demographic: TRAIT``, the embedder alone at
        ``demographic: TRAIT``) only the best on the first split that has it is kept: that with the highest accuracy,
        the lowest loss, the ratio nearest to 1. Rows for pairs of traits all stay.

        Raises:
            UnknownNameError: The metric was not measured, or not with survey weights.
        """
        measured = {row.metric for row in self.rows if row.weighted == weighted}
        metric = metric or next(iter(self.main_metrics), "")
        if metric not in measured:
            raise unknown("metric", metric, measured)
        rows = pd.DataFrame([asdict(row) for row in self.rows if (row.metric, row.weighted) == (metric, weighted)])
        wide = rows.pivot_table(index="method", columns="split", values="value", sort=False)
        for family in ("group majority: ", "demographic: ", "embedder alone at demographic: "):
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
        content["rows"] = [row for row, of in zip(content["rows"], self.rows, strict=True) if not of.of_groups]
        within: dict[tuple[str, str, bool], dict[str, Any]] = {}
        for row in self.rows:
            if row.of_groups:
                measured = [row.value, row.low, row.high, row.respondents, row.answers]
                within.setdefault((row.split, row.method, row.weighted), {})[row.metric] = measured
        content["groups"] = [asdict(OfGroups(*of, metrics)) for of, metrics in within.items()]
        return dict(_without_nan(content))

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
        saved = read_checked(Path(path), _Saved)
        rows = [
            Row(of.split, of.method, metric, *measured, weighted=of.weighted)
            for of in saved.groups
            for metric, measured in of.metrics.items()
        ]
        given = {of.name: getattr(saved, of.name) for of in fields(cls)}
        return cls(**{**given, "rows": (*saved.rows, *rows)})


@dataclass(frozen=True)
class _Saved(Results):
    groups: tuple[OfGroups, ...] = ()


def _without_nan(content: Any) -> Any:
    """JSON with null for what does not exist."""
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and math.isnan(content) else content


def _faults(metric: str, values: pd.Series[float]) -> pd.Series[float]:
    """Measurements turned so that less is better."""
    best = (BEST | NUMBER_BEST).get(metric.partition(" within ")[0].partition(": ")[0], math.inf)
    return (values - best).abs() if math.isfinite(best) else -values * math.copysign(1, best)
