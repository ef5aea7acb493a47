"""Rows of the table by name: which are measured, and what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from personaspace.checks import check_whole
from personaspace.errors import SettingError, UnknownNameError, shown, unknown
from personaspace.survey.survey import Survey

T = TypeVar("T")

DEFAULT = "default"
CONTEXTS = (3, 5, 8, 10)
"""Answers in the prompts of the rows ``context``."""

CLUSTERS = (6, 10, 20, 30, 50)
"""Clusters of the rows ``clusters``, beside the run's own."""

PAIR = " x "
"""Between two traits in the name of a row."""

NOTHING, BASE, STEERED = range(3)
"""What a row needs: no language model, any language model, or a steered one."""

ROWS = {
    "majority": NOTHING,
    "group majority": NOTHING,
    "embedder alone": NOTHING,
    "similar question": NOTHING,
    "own similar answer": NOTHING,
    "new questions": NOTHING,
    "raw question": BASE,
    "demographics": BASE,
    "context": BASE,
    "system prompt": BASE,
    "untrained": STEERED,
    "question prior": STEERED,
    "individual": STEERED,
    "clusters": STEERED,
    "demographic personas": STEERED,
}
"""Every name and what it needs."""

PROMPTED = ("demographics", "context", "system prompt")
"""Rows with a prompt for every answer."""

NOT_DEFAULT = (*PROMPTED, "new questions")
"""Rows which ``default`` leaves out because they take long."""

OF_TRAITS = ("group majority", "demographics", "demographic personas")

NAMES = (
    DEFAULT,
    *(name.replace(" ", "-") for name in ROWS),
    "'context K=5'",
    "'cluster k=20'",
    "'demographic: TRAIT'",
    "'demographic: TRAIT x TRAIT'",
)


@dataclass(frozen=True)
class Rows:
    """Rows chosen to be measured.

    Attributes:
        names: Keys of :data:`ROWS`.
        contexts: Numbers of answers in the rows ``context``.
        own_clusters: Whether the cluster personas that were given are a row.
        clusters: Numbers of clusters that further cluster personas are made for.
        groups: Traits of the demographic personas: one, or a pair that is crossed.
    """

    names: frozenset[str]
    contexts: tuple[int, ...] = ()
    own_clusters: bool = False
    clusters: tuple[int, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.names


def chosen_rows(rows: str | Sequence[str], train: Survey, available: int = STEERED) -> Rows:
    """Find rows by their names.

    A row is called as in the table, with spaces or hyphens. ``default`` stands for all that take little time: the
    baselines without a language model, the raw question, and the steered model's rows, with the cluster personas that
    were given and a demographic persona for each value of each trait. ``new questions`` stands for the rows of pilots,
    where each held-out question was asked of 5, 10, 20, 50 or 100 respondents and everybody else is predicted.
    ``context`` stands for K = 3, 5, 8 and 10, and ``clusters`` for the personas that were given and for 6, 10, 20, 30
    and 50 clusters.

    Args:
        rows: Names, in a list or with commas between them.
        train: The training survey, for its traits.
        available: What there is: :data:`NOTHING`, :data:`BASE` or :data:`STEERED`.

    Raises:
        UnknownNameError: There is no row, or no trait, of a name.
        SettingError: No row is named, or a row needs a model or traits that are not there.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> chosen_rows("raw-question, context K=5", simulate(respondents=50)).contexts
        (5,)
    """
    given = rows.split(",") if isinstance(rows, str) else list(rows)
    found = [_one(str(name).strip(), train, available) for name in given if str(name).strip()]
    if not found:
        raise SettingError(f"no rows are named: give some of {', '.join(NAMES)}")
    return Rows(
        frozenset(chain.from_iterable(one.names for one in found)),
        _each_once(one.contexts for one in found),
        any(one.own_clusters for one in found),
        _each_once(one.clusters for one in found),
        _each_once(one.groups for one in found),
    )


def _one(name: str, train: Survey, available: int) -> Rows:
    plain = " ".join(name.replace("-", " ").split())
    traits = tuple((str(trait),) for trait in train.traits.columns if train.traits[trait].notna().any())
    if plain == DEFAULT:
        kept = (row for row, need in ROWS.items() if need <= available and row not in NOT_DEFAULT)
        return Rows(frozenset(kept), own_clusters=True, groups=traits)
    if trait := re.fullmatch(r"demographic: *(.+)", name):
        _check("demographic personas", name, traits, available)
        return Rows(frozenset({"demographic personas"}), groups=(_traits(trait[1], train),))
    numbered = re.fullmatch(r"(context|cluster) k ?= ?(\d{1,9})", plain.lower())
    row = {"context": "context", "cluster": "clusters"}[numbered[1]] if numbered else plain
    if row not in ROWS:
        raise UnknownNameError(f"unknown row {shown(name)}: give some of {', '.join(NAMES)}, with commas between them")
    _check(row, name, traits, available)
    numbers = (check_whole(name, int(numbered[2]), least=1),) if numbered else None
    return Rows(
        frozenset({row}),
        contexts=(numbers or CONTEXTS) if row == "context" else (),
        own_clusters=row == "clusters" and numbers is None,
        clusters=(numbers or _fewer(CLUSTERS, train)) if row == "clusters" else (),
        groups=traits if row == "demographic personas" else (),
    )


def _check(row: str, name: str, traits: tuple[tuple[str, ...], ...], available: int) -> None:
    """Raise :class:`SettingError` unless there is what a row needs."""
    if ROWS[row] > available:
        what = "a steered model" if ROWS[row] == STEERED else "a language model"
        do = "steer one first" if ROWS[row] == STEERED else "steer one first, name one (--model)"
        raise SettingError(f"row {shown(name)} needs {what}, and there is none: {do}, or leave the row out")
    if row in OF_TRAITS and not traits:
        raise SettingError(f"row {shown(name)} needs traits, and the survey has none: leave the row out")


def _traits(text: str, train: Survey) -> tuple[str, ...]:
    """The trait of a name, or the two of a name like ``POLPARTY x EDUCATION``."""
    known = [str(trait) for trait in train.traits.columns]
    named = (text,) if text in known else tuple(part.strip() for part in text.split(PAIR, 1))
    for trait in named:
        if trait not in known:
            raise unknown("trait", trait, known)
    if len(set(named)) < len(named):
        raise SettingError(f"a pair of traits is {shown(text)}: give two different ones")
    return named


def _fewer(numbers: tuple[int, ...], train: Survey) -> tuple[int, ...]:
    """Those numbers of clusters that leave each several respondents on average."""
    return tuple(k for k in numbers if 2 * k <= len(train.respondents))


def _each_once(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(parts)))
