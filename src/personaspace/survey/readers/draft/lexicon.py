"""The words that the rules of the draft look for, from ``words.yaml`` and ``demographics.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

FOLDER = "personaspace.survey.readers.draft"
NEVER = r"(?!)"


@dataclass(frozen=True)
class Demographic:
    """How columns of one demographic are named, labelled and answered.

    Attributes:
        name: What it is called.
        names: A word of a column's name that stands for it.
        label: Words that make up its label, beside the neutral ones.
        asked: How a question about the respondents themselves asks for it.
        answers: What its options say.
        least: Share of the options that must say so.
        telling: Whether such options alone give it away.
    """

    name: str
    names: re.Pattern[str]
    label: frozenset[str]
    asked: re.Pattern[str]
    answers: re.Pattern[str]
    least: float
    telling: bool


@cache
def demographics() -> tuple[Demographic, ...]:
    """The demographics that are recognized."""
    return tuple(
        Demographic(
            name=name,
            names=re.compile(rf"(pp|resp|demo?|prof)?({'|'.join(entry['names'])})"),
            label=frozenset(entry["label"]),
            asked=_any(entry.get("asked", [NEVER])),
            answers=_any(entry.get("answers", [NEVER])),
            least=entry.get("least", 0.5),
            telling=entry.get("telling", False),
        )
        for name, entry in _file("demographics.yaml")["demographics"].items()
    )


@cache
def pattern(key: str) -> re.Pattern[str]:
    """Any of the regular expressions under a key of either file."""
    return _any(_entry(key))


@cache
def word_set(key: str) -> frozenset[str]:
    """The words under a key of either file."""
    return frozenset(_entry(key))


def _entry(key: str) -> list[str]:
    own = _file("words.yaml")
    found: list[str] = own[key] if key in own else _file("demographics.yaml")[key]
    return found


def _any(expressions: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in expressions))


@cache
def _file(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(resources.files(FOLDER).joinpath(name).read_text(encoding="utf-8"))
    return content
