"""On which answers groups are measured: groups, cells and pairs of questions large enough, and notes on what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from personaspace.evaluation.measures import correlations, groups, within
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.arrays import BoolArray, IntArray

PERSONAS = "personas"
"""What cluster personas are called beside traits."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What a set of answers can be measured by.

    Attributes:
        parity: By trait the group of each respondent, where there are two groups large enough.
        cells: By trait, or ``personas``, the cell of each answer, where there is one large enough.
        pairs: Pairs of questions whose correlations can be told from noise, shape ``[pairs, 2]``.
        notes: Sentences on what cannot be measured.
    """

    parity: Mapping[str, IntArray]
    cells: Mapping[str, IntArray]
    pairs: IntArray
    notes: tuple[str, ...]

    @classmethod
    def of(cls, predictions: Predictions, groupings: Mapping[str, pd.Series]) -> Self:
        """Find groups, cells and pairs.

        Args:
            predictions: Of any method; only the answers count.
            groupings: The value of each respondent, or missing, by trait; ``personas`` for cluster personas.
        """
        found = {name: groups.usable_groups(values, predictions) for name, values in groupings.items()}
        parity = {name: group for name, group in found.items() if name != PERSONAS and group.max(initial=-1) > 0}
        cells = {name: within.cells_within(predictions, group) for name, group in found.items()}
        cells = {name: cell for name, cell in cells.items() if (cell >= 0).any()}
        pairs = correlations.question_pairs(predictions)
        notes = []
        if few := [name for name in found if name not in parity and name != PERSONAS]:
            least = f"fewer than two groups of {groups.SMALLEST} respondents"
            notes.append(f"worst_group and parity_gap are n/a for {', '.join(few)}: {least}")
        if few := [name for name in found if name not in cells]:
            least = f"no question was answered by {within.SMALLEST} respondents of one group"
            notes.append(f"distances within groups are n/a for {', '.join(few)}: {least}")
        if len(pairs) < correlations.FEWEST:
            least = f"{correlations.SMALLEST} respondents answered both of"
            notes.append(
                f"correlation_slope is n/a: {len(pairs)} pairs of ordinal questions that {least}, "
                f"and {correlations.FEWEST} are needed"
            )
        elif not correlations.correlated(predictions, pairs):
            notes.append("correlation_slope is n/a: the answers' correlations cannot be told from sampling noise")
            pairs = pairs[:0]
        return cls(parity, cells, pairs if len(pairs) >= correlations.FEWEST else pairs[:0], tuple(notes))

    def only(self, traits: tuple[str, ...]) -> Layout:
        """The layout with the groups of these traits, and no notes."""
        parity, cells = (
            {name: of for name, of in whole.items() if name in traits} for whole in (self.parity, self.cells)
        )
        return Layout(parity, cells, self.pairs, ())

    def answers(self, metric: str, predictions: Predictions) -> BoolArray:
        """Whether each answer counts for a metric, shape ``[answers]``."""
        name, _, trait = metric.partition(" within ")
        if trait and ": " not in name:
            return np.asarray(self.cells[trait] >= 0)
        name, _, trait = metric.partition(": ")
        if trait:
            return np.asarray(self.parity[trait][predictions.respondent] >= 0)
        if name == "correlation_slope":
            answered = np.zeros((len(predictions.weight), len(predictions.positions)), np.bool_)
            answered[predictions.respondent, predictions.question] = True
            counted = np.zeros(answered.shape, np.bool_)
            for pair in self.pairs:
                counted[:, pair] |= answered[:, pair].all(axis=1, keepdims=True)
            return np.asarray(counted[predictions.respondent, predictions.question])
        return np.ones(len(predictions), np.bool_)
