"""Ids to rows and columns: where each of some names stands among others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from personaspace.survey.arrays import IntArray

NOWHERE = -1


def index_of(names: Iterable[str]) -> dict[str, int]:
    """The position of every name.

    Example:
        >>> index_of(["ann", "bob"])
        {'ann': 0, 'bob': 1}
    """
    return {name: position for position, name in enumerate(names)}


def positions(names: Iterable[str], among: Mapping[str, int] | Iterable[str]) -> IntArray:
    """The position of each name among others.

    Args:
        names: Ids to look up.
        among: The ids to look among, or their index as :func:`index_of` makes it.

    Returns:
        Shape ``[names]``; -1 (:data:`NOWHERE`) for a name that is not there.

    Example:
        >>> positions(["bob", "eve"], ["ann", "bob"]).tolist()
        [1, -1]
    """
    index = among if isinstance(among, Mapping) else index_of(among)
    return np.array([index.get(name, NOWHERE) for name in names], dtype=np.int64)
