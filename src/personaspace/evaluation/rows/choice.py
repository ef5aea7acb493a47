"""Rows of the table by name: which are measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any, TypeVar

from personaspace.checks import check_whole
from personaspace.embedding.registry import embedders
from personaspace.errors import SettingError, UnknownNameError, listed, shown, unknown
from personaspace.evaluation.rows.kinds import DEFAULT, NAMES, OF_TRAITS, ROWS, STEERED
from personaspace.survey.survey import Survey

T = TypeVar("T")
Traits = tuple[str, ...]
"""One trait, or two that are crossed."""

CONTEXTS = (3, 5, 8, 10)
"""Answers in the prompts of the rows ``context``."""

CLUSTERS = (6, 10, 20, 30, 50)
"""Clusters of the rows ``clusters``, beside the run's own."""

OWN = ""
"""The embedder that the evaluation was given, among the names of embedders."""

TRAITS_ALONE, WITH_ANSWERS = TREES = ("traits", "traits and answers")
"""What boosted trees know of a respondent."""

PAIR = " x "
"""Between two traits in the name of a row."""

AT_POINTS = ("embedder alone at clusters", "embedder alone at demographic personas")
"""Rows in which the embedder predicts alone for whole groups."""


@dataclass(frozen=True)
class Points:
    """Groups of respondents, each represented by one point of the space.

    Attributes:
        own_clusters: Whether the cluster personas that were given are among them.
        clusters: Numbers of clusters that further cluster personas are made for.
        groups: Traits of demographic personas.
    """

    own_clusters: bool = False
    clusters: tuple[int, ...] = ()
    groups: tuple[Traits, ...] = ()

    def __or__(self, other: Points) -> Points:
        return Points(
            self.own_clusters or other.own_clusters,
            _each_once((self.clusters, other.clusters)),
            _each_once((self.groups, other.groups)),
        )


@dataclass(frozen=True)
class Rows:
    """Rows chosen to be measured.

    Attributes:
        names: Keys of :data:`~personaspace.evaluation.rows.kinds.ROWS`.
        majorities: Traits of the rows ``group majority``.
        trees: What the boosted trees know of a respondent, of :data:`TREES`.
        embedders: Names of embedders that predict alone, :data:`OWN` for the one given.
        contexts: Numbers of answers in the rows ``context``.
        alone: Where the embedder predicts alone for whole groups.
        steered: Where the steered model answers for whole groups.
    """

    names: frozenset[str] = frozenset()
    majorities: tuple[Traits, ...] = ()
    trees: tuple[str, ...] = ()
    embedders: tuple[str, ...] = ()
    contexts: tuple[int, ...] = ()
    alone: Points = Points()
    steered: Points = Points()

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __or__(self, other: Rows) -> Rows:
        joined: dict[str, Any] = {}
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            joined[field.name] = _each_once((one, two)) if isinstance(one, tuple) else one | two
        return Rows(**joined)


def chosen_rows(rows: str | Sequence[str], train: Survey, available: int = STEERED) -> Rows:
    """Find rows by their names.

    A row is called as in the table, with spaces or hyphens. ``default`` stands for all that take little time: the
    baselines without a language model, the raw question, and the steered model's rows, with the cluster personas that
    were given and a demographic persona for each value of each trait. ``new questions`` stands for the rows of pilots,
    where each held-out question was asked of 5, 10, 20, 50 or 100 respondents and everybody else is predicted.
    ``context`` stands for K = 3, 5, 8 and 10, and ``clusters`` for the personas that were given and for 6, 10, 20, 30
    and 50 clusters. ``group majority`` and ``demographic personas`` stand for each trait alone, ``boosted trees`` for
    both of its rows, ``embedder alone`` for the embedder that was given; another is fitted where it is named.

    Args:
        rows: Names, in a list or with commas between them.
        train: The training survey, for its traits.
        available: What there is, of :mod:`~personaspace.evaluation.rows.kinds`: ``NOTHING``, ``BASE`` or ``STEERED``.

    Raises:
        UnknownNameError: There is no row, trait or embedder of a name.
        SettingError: No row is named, or a row needs a model that is not there or traits that nobody has.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> chosen_rows("raw-question, context K=5", simulate(respondents=50)).contexts
        (5,)
    """
    given = rows.split(",") if isinstance(rows, str) else list(rows)
    names = [str(name).strip() for name in given if str(name).strip()]
    if not names:
        raise SettingError(f"no rows are named: give some of {NAMES}")
    return reduce(or_, (_one(name, train, available) for name in names))


def each_trait(train: Survey) -> tuple[Traits, ...]:
    """Every trait that somebody has, alone."""
    return tuple((str(trait),) for trait in train.traits.columns if train.traits[trait].notna().any())


def _one(name: str, train: Survey, available: int) -> Rows:
    before, colon, after = name.partition(":")
    plain, of = _plain(before), after.strip()
    numbered = re.fullmatch(r"(context|(?:embedder alone at )?cluster) k ?= ?(\d{1,9})", plain)
    if colon and plain in OF_TRAITS:
        row = _available(OF_TRAITS[plain], name, available)
        return _of_traits(row, (_traits(of, train),))
    if colon and plain == "embedder alone":
        if _plain(of) not in embedders():
            raise unknown("embedder", of, embedders())
        return Rows(frozenset({plain}), embedders=(_plain(of),))
    if colon and plain == "boosted trees" and _plain(of) in TREES:
        return Rows(frozenset({plain}), trees=(_plain(of),))
    if not colon and numbered:
        row = _available("context" if numbered[1] == "context" else f"{numbered[1]}s", name, available)
        number = (check_whole(name, int(numbered[2]), least=1),)
        return Rows(frozenset({row}), contexts=number) if row == "context" else _at(row, Points(clusters=number))
    if not colon and plain == DEFAULT:
        kept = (_family(kind.name, train) for kind in ROWS.values() if kind.default and kind.needs <= available)
        found = reduce(or_, kept)
        return replace(found, steered=replace(found.steered, clusters=()))
    if colon or plain not in ROWS:
        raise UnknownNameError(f"unknown row {shown(name)}: give some of {NAMES}")
    return _family(_available(plain, name, available), train)


def _family(row: str, train: Survey) -> Rows:
    """All rows that a name alone stands for."""
    if row.endswith("clusters"):
        return _at(row, Points(own_clusters=True, clusters=_fewer(CLUSTERS, train)))
    if row in OF_TRAITS.values():
        return _of_traits(row, each_trait(train))
    several: dict[str, dict[str, Any]] = {
        "context": {"contexts": CONTEXTS},
        "embedder alone": {"embedders": (OWN,)},
        "boosted trees": {"trees": TREES},
    }
    return Rows(frozenset({row}), **several.get(row, {}))


def _of_traits(row: str, groups: tuple[Traits, ...]) -> Rows:
    if row == "group majority":
        return Rows(frozenset({row}), majorities=groups)
    return _at(row, Points(groups=groups))


def _at(row: str, points: Points) -> Rows:
    names = frozenset({row})
    return Rows(names, alone=points) if row in AT_POINTS else Rows(names, steered=points)


def _available(row: str, name: str, available: int) -> str:
    """The row; :class:`SettingError` unless there is the model that it needs."""
    if (needs := ROWS[row].needs) > available:
        what = "a steered model" if needs == STEERED else "a language model"
        do = "steer one first" if needs == STEERED else "steer one first, name one (--model)"
        raise SettingError(f"row {shown(name)} needs {what}, and there is none: {do}, or leave the row out")
    return row


def _plain(name: str) -> str:
    return " ".join(name.replace("-", " ").split()).lower()


def _traits(text: str, train: Survey) -> Traits:
    """The trait of a name, or the two of a name like ``POLPARTY x EDUCATION``."""
    known = [str(trait) for trait in train.traits.columns]
    named = (text,) if text in known else tuple(part.strip() for part in text.split(PAIR, 1))
    for trait in named:
        if trait not in known:
            raise unknown("trait", trait, known)
    if len(set(named)) < len(named):
        raise SettingError(f"a pair of traits is {shown(text)}: give two different ones")
    if not train.traits[list(named)].notna().all(axis=1).any():
        raise SettingError(f"no respondent has a value of {listed(named)}: choose another trait")
    return named


def _fewer(numbers: tuple[int, ...], train: Survey) -> tuple[int, ...]:
    """Those numbers of clusters that leave each several respondents on average."""
    return tuple(k for k in numbers if 2 * k <= len(train.respondents))


def _each_once(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(parts)))
