"""Which columns are traits: demographics, by what their name, label and options say together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from personaspace.survey.readers.draft.facts import Facts, folded, words
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.lexicon import Demographic, demographics, pattern, word_set

BLOCK = 4
"""Least columns that make a block of traits; most of them must be demographics by themselves."""

MOST_OF_BLOCK = 0.6


def trait(facts: Facts) -> Guess | None:
    """The guess that a column is a demographic, if it looks like one.

    Two of name, label and options must say so; of a column without a label, the name; of one whose label asks for a
    demographic of the respondent in so many words, the label. A label with the words of an opinion ("should",
    "how much", "do you think") or about somebody else counts against it.
    """
    text = folded(facts.text)
    opinion = bool(pattern("opinion").search(text))
    others = bool(pattern("others").search(text)) or (
        not facts.text and bool({"sp", "spouse", "partner"} & set(facts.words))
    )
    found = [(_evidence(facts, text, kind), kind) for kind in demographics()]
    (named, labelled, answered, asked), kind = max(found, key=lambda item: sum(item[0]))
    whole = 2 * asked + named + labelled + answered
    says = _says(named, labelled, answered) if named or labelled or not asked else "its label asks for"
    if pattern("profile").match(text) and not opinion:
        return Guess(facts.name, "trait", f"its label says that it is background data ({facts.text[:40]})")
    if others or (opinion and not (answered and asked) and (facts.asks or not (labelled or (named and answered)))):
        return None
    if (labelled and (named or answered or not facts.asks)) or asked or (named and answered):
        return Guess(facts.name, "trait", f"{says} {kind.name}", sure=whole > 1 or labelled)
    if named and not facts.text and not facts.options and _only(facts, kind):
        return Guess(facts.name, "trait", f"{says} {kind.name}")
    if answered and kind.telling and not opinion and not facts.asks:
        return Guess(facts.name, "trait", f"{says} {kind.name}", sure=False)
    return None


def _evidence(facts: Facts, text: str, kind: Demographic) -> tuple[bool, bool, bool, bool]:
    """Whether the name, the label as a heading, the options, and the label as a question speak of a demographic."""
    joined = "".join(facts.words)
    named = any(kind.names.fullmatch(word) for word in (*facts.words, joined))
    heading = [word for word in words(text) if word not in word_set("neutral") and len(word) > 1]
    labelled = bool(heading) and all(word in kind.label for word in heading)
    options = [folded(option) for option in facts.options.values()]
    if not options and not facts.numeric and facts.distinct <= len(facts.values):
        options = [folded(value) for value in facts.values]
    fitting = sum(bool(kind.answers.search(option)) for option in options)
    answered = len(options) > 1 and fitting >= max(2, kind.least * len(options))
    return named, labelled, answered, bool(kind.asked.search(text))


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
