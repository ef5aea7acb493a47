"""Neighbours: what respondents who lie close together on a map share, beside what random pairs share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import FiniteFloat
from scipy.sparse import csr_array

from personaspace.persona.method_effects import PARTICIPATION, answered, method_effects
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.survey import Survey

What = Literal["questions", "trait", "style"]
COLUMNS = ["what", "name", "share", "chance"]


@dataclass(frozen=True)
class Shared:
    """A row of :func:`neighbours_share`."""

    what: What
    name: str
    share: FiniteFloat
    chance: FiniteFloat


def shared_table(rows: Iterable[Shared]) -> pd.DataFrame:
    """The table of rows read from a file."""
    return pd.DataFrame([asdict(row) for row in rows], columns=COLUMNS)


def neighbours_share(places: FloatArray, points: Vectors, survey: Survey, nearest: int, seed: int) -> pd.DataFrame:
    """Measure what neighbours on a map have in common, and what of it goes with response styles.

    Args:
        places: Where the respondents lie on the map, shape ``[respondents, 2]``.
        points: Their points in the answer space, shape ``[respondents, dimensions]``.
        survey: Their answers, refusals, traits and weights, in the same order.
        nearest: Neighbours of each that are compared with it.
        seed: Seed of the random pairs.

    Returns:
        A row per thing shared, ``what, name, share, chance``; what cannot be measured is left out. By ``what``:
        ``"questions"``, the mean Jaccard index of the questions that two neighbours answered, beside that of random
        pairs; ``"trait"``, the share of pairs of neighbours with the same value, of those in which both are known,
        beside the sum of the values' squared shares; ``"style"``, the part of the variance of the points that goes with
        each response style, and with all ``"styles"``
        (:func:`~personaspace.persona.method_effects.method_effects`), by chance 0.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey, anywhere = simulate(respondents=200), np.random.default_rng(0).normal(size=(200, 2))
        >>> shared = neighbours_share(anywhere, anywhere.astype(np.float32), survey, 10, 0)
        >>> shared["what"].unique().tolist(), bool((shared["share"] - shared["chance"]).abs().max() < 0.1)
        (['questions', 'trait', 'style'], True)
    """
    from scipy.spatial import KDTree

    count = len(places)
    nearest = min(nearest, count - 1)
    near = np.asarray(KDTree(places).query(places, k=[*range(2, nearest + 2)])[1])
    rng = np.random.default_rng(seed)
    random = (np.arange(count)[:, None] + rng.integers(1, count, size=near.shape)) % count
    has = answered(survey)
    table = [("questions", "questions answered", _overlap(has, near), _overlap(has, random))]
    for trait in survey.traits.columns:
        codes = survey.traits[trait].factorize()[0]
        same = (codes[:, None] == codes[near])[(codes[:, None] >= 0) & (codes[near] >= 0)]
        if len(same):
            shares = np.bincount(codes[codes >= 0]) / (codes >= 0).sum()
            table.append(("trait", str(trait), float(same.mean()), float((shares**2).sum())))
    effects = method_effects(points, np.arange(count), survey)
    table += [("style", name, share, 0.0) for name, share in effects.items() if name != PARTICIPATION]
    return pd.DataFrame(table, columns=COLUMNS).dropna(ignore_index=True)


def _overlap(has: csr_array, others: IntArray) -> float:
    """Mean Jaccard index of what respondents have with what others have, in those pairs where either has anything."""
    size = np.diff(has.indptr)
    both = np.stack([has.multiply(has[column]).sum(axis=1) for column in others.T], axis=1)
    either = size[:, None] + size[others] - both
    return float((both[either > 0] / either[either > 0]).mean()) if either.any() else float("nan")
