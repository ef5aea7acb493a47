"""Ids to rows and columns: where some names stand among others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import infer_dtype, is_list_like

from personaspace.errors import SettingError, SurveyError, shown, unknown
from personaspace.survey.arrays import IntArray

NOWHERE = -1

Chosen = Sequence[str] | Sequence[int] | npt.NDArray[Any] | pd.Series | pd.Index
"""Some of the respondents or questions: ids (strings), positions (integers) or a mask (booleans, one for each)."""


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


def named_positions(kind: str, names: Iterable[str], index: Mapping[str, int]) -> IntArray:
    """The positions of things named by id, each once.

    Args:
        kind: Such as ``"question"``, for messages.
        names: Ids, at least one.
        index: The position of every id.

    Returns:
        Shape ``[names]``.

    Raises:
        UnknownNameError: An id is not there.
        SettingError: There is no id, one is there twice, or a single string was given.

    Example:
        >>> named_positions("question", ["tea", "milk"], index_of(["milk", "tea"])).tolist()
        [1, 0]
    """
    if isinstance(names, str):
        raise SettingError(
            f"{kind}s are given as a list of ids, not as the text {shown(names)}: write [{shown(names)}]"
        )
    given = list(map(str, names))
    if not given:
        raise SettingError(f"the list of {kind}s is empty: name at least one, or leave it out for all")
    if twice := [name for name, times in Counter(given).items() if times > 1]:
        raise SettingError(f"{kind} {shown(twice[0])} is given more than once: name each once")
    return _known_positions(kind, given, index)


def chosen_positions(kind: str, chosen: Chosen | None, index: Mapping[str, int]) -> IntArray:
    """The positions of chosen respondents or questions, in the order chosen.

    Args:
        kind: ``"respondent"`` or ``"question"``, for messages.
        chosen: Ids, positions or a mask; ``None`` for all. A string is always an id, though it may look like a number.
        index: The position of every id.

    Returns:
        Shape ``[chosen]``.

    Raises:
        UnknownNameError: An id is not there.
        SurveyError: A mask has another length than the index.
        SettingError: Something else was given.

    Example:
        >>> index = index_of(["7", "1", "0"])
        >>> [chosen_positions("respondent", chosen, index).tolist() for chosen in (["0", "7"], [0, 1])]
        [[2, 0], [0, 1]]
    """
    if chosen is None:
        return np.arange(len(index))
    if is_list_like(chosen, allow_sets=False):
        given = chosen if isinstance(chosen, Sequence) else np.asarray(chosen)
        what = infer_dtype(given, skipna=False) if len(given) else "integer"
        if what == "string":
            return _known_positions(kind, [str(name) for name in given], index)
        if what == "boolean":
            return np.flatnonzero(_checked_mask(kind, np.asarray(given, np.bool_), len(index)))
        if what == "integer" and np.ndim(given) == 1:
            return np.asarray(given, np.int64)
    raise SettingError(
        f"{kind}s are chosen by a list of ids (strings), of positions (integers) or by a mask, not by {chosen!r:.80}"
    )


def renumbering(kept: IntArray, size: int) -> IntArray:
    """The new index of each of ``size`` things, -1 for one that is not kept."""
    new = np.full(size, NOWHERE, dtype=np.int64)
    new[kept] = np.arange(len(kept))
    return new


def _known_positions(kind: str, names: Sequence[str], index: Mapping[str, int]) -> IntArray:
    found = positions(names, index)
    if (found == NOWHERE).any():
        raise unknown(kind, names[int(np.argmin(found))], index)
    return found


def _checked_mask(kind: str, mask: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.bool_]:
    if mask.shape != (size,):
        raise SurveyError(f"the mask of {kind}s has shape {mask.shape}, expected ({size},)")
    return mask
