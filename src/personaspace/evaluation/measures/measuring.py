"""Every metric of every method on one evaluation set: unweighted and weighted, of everybody and of groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from personaspace.evaluation.measures.averages import Metric
from personaspace.evaluation.measures.bootstrap import Sampled, resampled
from personaspace.evaluation.measures.correlations import correlation_slope, products_of
from personaspace.evaluation.measures.differences import Draws
from personaspace.evaluation.measures.groups import measure_parity
from personaspace.evaluation.measures.layout import Layout
from personaspace.evaluation.measures.metrics import measure, reliability
from personaspace.evaluation.measures.number_metrics import measure_numbers
from personaspace.evaluation.measures.within import Within
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.results import MAIN_METRIC, NUMBER_METRIC, Curve, Row
from personaspace.evaluation.rows.choice import PAIR
from personaspace.survey.arrays import FloatArray

PAIRED = (MAIN_METRIC, "log_loss", NUMBER_METRIC)
"""Metrics by which methods are compared in pairs."""

NOISE = 1e-12


@dataclass(frozen=True)
class Measurements:
    """What was measured of one method on one evaluation set.

    Attributes:
        rows: The measurements.
        curves: The reliability curve, where answers are choices.
        draws: The main metrics on resampled respondents, for paired comparisons.
    """

    rows: tuple[Row, ...] = ()
    curves: tuple[Curve, ...] = ()
    draws: tuple[Draws, ...] = ()

    def without(self, metrics: Collection[str]) -> Measurements:
        """Without some metrics, and without the reliability curve."""
        rows = tuple(row for row in self.rows if row.metric not in metrics)
        return Measurements(rows, (), tuple(draws for draws in self.draws if draws.metric not in metrics))


class Measuring:
    """Measures methods on one evaluation set.

    A row that was made for a trait, or a pair, is measured within the groups of these alone.

    Args:
        split: The evaluation set.
        groupings: The value of each respondent, or missing, by trait; ``personas`` for cluster personas.
        also: Further metrics for choices, by name.
        seed: Of the bootstrap.

    Attributes:
        notes: Sentences on what cannot be measured.
    """

    def __init__(
        self,
        split: str,
        groupings: Mapping[str, pd.Series],
        also: Mapping[str, Metric] | None = None,
        seed: int = 0,
    ) -> None:
        self.split, self.groupings, self.also, self.seed = split, groupings, also or {}, seed
        self.notes: list[str] = []
        self._layouts: dict[int, Layout] = {}

    def measure(self, method: str, predictions: Predictions) -> Measurements:
        """Measure a method: choices by the metrics for choices, numbers by those for numbers."""
        number = ~np.isnan(predictions.value)
        parts = [
            (predictions.where(rows), choices) for rows, choices in ((~number, True), (number, False)) if rows.any()
        ]
        found = [self._measure(method, part, choices) for part, choices in parts]
        rows, curves, draws = (
            [one for of in found for one in getattr(of, each)] for each in ("rows", "curves", "draws")
        )
        return Measurements(tuple(rows), tuple(curves), tuple(draws))

    def _measure(self, method: str, part: Predictions, choices: bool) -> Measurements:
        answers = hash(np.stack([part.respondent, part.question, part.option]).tobytes())
        layout = self._layout(method, part, answers) if choices else None
        curves = (Curve(self.split, method, tuple(reliability(part))),) if choices else ()
        rows, draws = [], []
        uneven = np.ptp(part.weight[np.unique(part.respondent)]) > 0
        for weighted in (False, True) if uneven else (False,):
            for name, found in self._sampled(part, layout, weighted).items():
                counted = layout.answers(name, part) if layout else np.ones(len(part), np.bool_)
                people = int(np.count_nonzero(np.bincount(part.respondent[counted])))
                value, low, high = map(_short, found.interval())
                answered = int(np.count_nonzero(counted))
                rows.append(Row(self.split, method, name, value, low, high, people, answered, weighted))
                if name in PAIRED:
                    draws.append(Draws(self.split, method, name, weighted, found, answers))
        return Measurements(tuple(rows), curves, tuple(draws))

    def _layout(self, method: str, part: Predictions, answers: int) -> Layout:
        if answers not in self._layouts:
            self._layouts[answers] = Layout.of(part, self.groupings)
            self.notes += self._layouts[answers].notes
        _, _, name = method.partition(": ")
        traits = (name,) if name in self.groupings else tuple(name.split(PAIR))
        whole = self._layouts[answers]
        return whole.only(traits) if set(traits) <= set(self.groupings) else whole

    def _sampled(self, part: Predictions, layout: Layout | None, weighted: bool) -> dict[str, Sampled]:
        if layout is None:
            return resampled(measure_numbers, part, seed=self.seed, weighted=weighted)
        own = part.weight if weighted else None
        within = Within(part, layout.cells, own)
        products = products_of(part, layout.pairs, own) if len(layout.pairs) else None

        def metrics(predictions: Predictions, weights: FloatArray | None) -> dict[str, FloatArray]:
            found = measure(predictions, weights)
            none = np.full(found[MAIN_METRIC].shape, np.nan)
            slope = correlation_slope(predictions, weights, products) if products else none
            parity = measure_parity(predictions, weights, layout.parity)
            found |= {name: metric(predictions, weights) for name, metric in self.also.items()}
            return {**found, "correlation_slope": slope, **parity, **within.measure(weights)}

        return resampled(metrics, part, seed=self.seed, weighted=weighted)


def _short(value: float) -> float:
    """Seven digits, so that a file of thousands of numbers stays small; what rounding left of 0 is 0."""
    return 0.0 if abs(value) < NOISE else float(f"{value:.7g}")


def notes_of(measured: Iterable[Measuring]) -> list[str]:
    """What cannot be measured, each reason once, with the evaluation sets it holds for."""
    where: dict[str, list[str]] = {}
    for of in measured:
        for note in of.notes:
            where.setdefault(note, []).append(of.split)
    return [f"{note} (on {', '.join(dict.fromkeys(splits))})" for note, splits in where.items()]
