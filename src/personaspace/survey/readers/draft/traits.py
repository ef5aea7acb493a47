"""Which columns are traits: demographics, by what their name, label and options say together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import NamedTuple

from personaspace.survey.readers.draft.facts import Facts, words
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.lexicon import Demographic, demographics, pattern, word_set
from personaspace.survey.readers.folding import folded

BLOCK = 4
"""Least columns that make a block of traits; most of them must be demographics by themselves."""

MOST_OF_BLOCK = 0.6

ORIGIN = "citizenship or origin"
"""Where parents were born counts too."""

CALLED = ("party identification", "ideology", "race or ethnicity", "religion", "class")
"""What people call themselves."""


def trait(facts: Facts) -> Guess | None:
    """The guess that a column is a demographic, if it looks like one.

    Two of name, label and options must say so; of a column without a label, the name; of one whose label asks for a
    demographic of the respondent in so many words, the label. A label with the words of an opinion ("should",
    "how much", "do you think") or about somebody else counts against it.
    """
    text = folded(facts.text)
    if pattern("profile").match(text):
        return Guess(facts.name, "trait", f"its label says that it is background data ({facts.text[:40]})")
    heading = {word for word in words(text) if len(word) > 1} - word_set("neutral")
    seen = ((kind, _evidence(facts, text, heading, kind)) for kind in demographics())
    kind, found = max(seen, key=lambda one: sum(one[1]))
    named, labelled, answered, asked = found
    opinion = bool(pattern("opinion").search(text)) or (facts.grades and not answered)
    if _of_others(facts, text) and not (kind.name == ORIGIN and asked):
        return None
    if opinion and (facts.asks or not (labelled or named) or not answered) and not (answered and asked):
        return None
    if asked or (named and answered) or (labelled and (named or answered or not facts.asks)):
        why = f"{_says(named, labelled, answered) if named or labelled else 'its label asks for'} {kind.name}"
        return Guess(facts.name, "trait", why)
    if answered and kind.name in CALLED and pattern("calls_oneself").search(text):
        return Guess(facts.name, "trait", f"it asks what respondents call themselves, and its options say {kind.name}")
    if named and not facts.text and not facts.options and _only(facts, kind):
        return Guess(facts.name, "trait", f"its name says {kind.name}")
    if answered and kind.telling and not facts.text:
        return Guess(facts.name, "trait", f"its options say {kind.name}", sure=False)
    return None


class Evidence(NamedTuple):
    """Whether the name, the label as a heading, the options, and the label as a question speak of a demographic."""

    named: bool
    labelled: bool
    answered: bool
    asked: bool


def _evidence(facts: Facts, text: str, heading: Set[str], kind: Demographic) -> Evidence:
    named = any(kind.names.fullmatch(word) for word in (*facts.words, "".join(facts.words)))
    labelled = bool(heading) and heading <= kind.label
    options = tuple(facts.options.values())
    if not options and not facts.numeric and facts.distinct <= len(facts.values):
        options = tuple(facts.values)
    return Evidence(named, labelled, _answered(kind, options), bool(kind.asked.search(text)))


@lru_cache(maxsize=2**16)
def _answered(kind: Demographic, options: tuple[str, ...]) -> bool:
    fitting = sum(bool(kind.answers.search(folded(option))) for option in options)
    return len(options) > 1 and fitting >= max(2, kind.least * len(options))


def _of_others(facts: Facts, text: str) -> bool:
    """Whether it is about a spouse, a parent, a candidate."""
    return bool(pattern("others").search(text)) or (not text and bool({"sp", "spouse", "partner"} & set(facts.words)))


def _only(facts: Facts, kind: Demographic) -> bool:
    """Whether the name has no words but those of the demographic."""
    return all(word in word_set("neutral") or len(word) == 1 or kind.names.fullmatch(word) for word in facts.words)


def _says(named: bool, labelled: bool, answered: bool) -> str:
    parts = [part for part, is_so in (("name", named), ("label", labelled), ("options", answered)) if is_so]
    verb = "says" if parts in (["name"], ["label"]) else "say"
    return f"its {' and '.join(parts) if len(parts) < 3 else 'name, label and options'} {verb}"


def blocks(facts: Iterable[Facts], guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Further traits: the rest of a block of columns that share the first part of their name, most being traits.

    Institutes keep what they know of a panelist together, as in ``F_SEX``, ``F_AGECAT``, ``F_INTUSER``.
    """
    sharing: dict[str, list[str]] = defaultdict(list)
    for one in facts:
        if found := re.match(r"([^\W_]{1,12})[_.]", one.name):
            sharing[found[1].casefold()].append(one.name)
    more = {}
    for prefix, names in sharing.items():
        known = sum(guesses[name].role == "trait" for name in names)
        if len(names) >= BLOCK and known >= MOST_OF_BLOCK * len(names):
            for name in names:
                if guesses[name].role in ("question", "number"):
                    why = f"{known} of the {len(names)} columns whose names begin with {prefix!r} are demographics"
                    more[name] = Guess(name, "trait", why, sure=known > 2 * len(names) / 3)
    return more
