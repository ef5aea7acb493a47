"""Which columns are recodes: those whose cells another column determines exactly."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.draft.facts import MOST_VALUES, Facts, letters
from personaspace.survey.readers.draft.guess import Guess

Codes = npt.NDArray[np.int16]

ROWS = 5_000
"""Rows that are compared at first, spread evenly over the file; what holds there is checked in all rows."""

LEAST_ROWS = 100
"""Rows with an answer below which nothing is called determined."""

LEAST_OF_A_KIND = 5
"""Rows that each of two different answers must have at least."""

NEARLY_ALL = 0.95
"""Least share of the answers of the coarser column with one of the finer."""

NEIGHBOURS = 15
"""Columns of a similar name or label, before and after, that each column is compared with."""

BY_CHANCE = np.log(1e-12)
"""Log probability, were the two columns independent, up to which a dependency is no chance."""


def recodes(facts: Sequence[Facts], guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Columns that are coarser forms of another one: each of its answers goes with one answer here.

    Only columns whose names begin alike, or whose labels do, are compared.

    Args:
        facts: Of all columns, in the file's order.
        guesses: So far; questions and numbers are looked at, and compared with these and with traits.
    """
    by_name = {one.name: one for one in facts}
    coded: dict[str, Codes] = {}
    found = {}
    for child, parents in _alike(facts, guesses).items():
        for parent in dict.fromkeys(parents):
            if _determines(by_name[parent], by_name[child], coded):
                why = f"{parent} determines it exactly: every answer there goes with one answer here"
                found[child] = Guess(child, "derived", why)
                break
    return found


def _alike(facts: Sequence[Facts], guesses: Mapping[str, Guess]) -> dict[str, list[str]]:
    """For every question, the finer columns with a similar name or label."""
    usable = [
        one for one in facts
        if guesses[one.name].role in ("question", "number", "trait") and 2 <= one.distinct <= MOST_VALUES
        and one.filled >= LEAST_ROWS
    ]  # fmt: skip
    sharing: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for one in usable:
        sharing["name", letters(one.core)[:4]].append(one)
        sharing["part of the name", re.split(r"[_.\-]", one.core)[0].casefold()].append(one)
        if one.text:
            sharing["label", letters(one.text)[:24]].append(one)
    pairs: dict[str, list[str]] = defaultdict(list)
    for members in sharing.values():
        for at, child in enumerate(members):
            if guesses[child.name].role == "trait":
                continue
            near = members[max(0, at - NEIGHBOURS) : at] + members[at + 1 : at + 1 + NEIGHBOURS]
            pairs[child.name] += [one.name for one in near if one.distinct > child.distinct]
    return pairs


def _determines(parent: Facts, child: Facts, coded: dict[str, Codes]) -> bool:
    some = _codes(parent, coded), _codes(child, coded)
    return _holds(*some) and (parent.rows <= ROWS or _holds(_factorized(parent, 1), _factorized(child, 1)))


def _holds(parent: Codes, child: Codes) -> bool:
    """Whether codes determine codes (-1: empty) beyond chance, and nearly everywhere.

    An empty cell determines nothing: who was not asked a follow-up question gave one answer to the question before it.
    """
    both = (child >= 0) & (parent >= 0)
    above, below = parent[both], child[both]
    if len(below) < max(LEAST_ROWS, NEARLY_ALL * (child >= 0).sum()):
        return False
    table = np.zeros((above.max() + 1, below.max() + 1), dtype=bool)
    table[above, below] = True
    if table.sum(axis=1).max() > 1 or table.any(axis=0).sum() < 2:
        return False
    shares = np.bincount(below) / len(below)
    rows = np.bincount(above)
    of_a_kind = np.sort(np.bincount(below))[-2]
    chance = float((rows[rows > 0] - 1).sum()) * np.log(shares.max())
    return bool(of_a_kind >= LEAST_OF_A_KIND and chance < BY_CHANCE)


def _codes(facts: Facts, coded: dict[str, Codes]) -> Codes:
    if facts.name not in coded:
        coded[facts.name] = _factorized(facts, -(-facts.rows // ROWS))
    return coded[facts.name]


def _factorized(facts: Facts, step: int) -> Codes:
    """Codes of every step-th cell, -1 where there is no answer."""
    codes, found = pd.factorize(facts.column.cells.iloc[::step])
    away = np.array([*(plain(cell) in facts.away for cell in found), True], dtype=bool)
    return np.where(away[codes], -1, codes).astype(np.int16)
