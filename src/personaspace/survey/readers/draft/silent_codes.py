"""Codes without a label that stand for no answer: -99, 999 and the like, far from the other codes of a column."""

from __future__ import annotations

import re

from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.draft.facts import Facts

LOW = -7
"""Negative codes from here on are no points of a scale that has none between them and 0."""

NINES = re.compile(r"9{2,4}|9{1,3}[678]|88|77|888|777")


def all_values(facts: Facts) -> list[str]:
    """The different answers of a column, as plain text, rare ones too."""
    if facts.distinct <= len(facts.values):
        return list(facts.values)
    found = (plain(cell) for cell in facts.column.cells.dropna().unique())
    return list(dict.fromkeys(text for text in found if text and text not in facts.away))


def silent_codes(facts: Facts) -> list[str]:
    """The unlabelled codes of a column of whole numbers that are taken for no answer.

    Negative codes are where no other is, and 0 is none of the codes or they are -7 or less; 99, 98, 999 and the like
    are where they are more than twice as large as any other.
    """
    if not facts.whole or facts.options or facts.distinct < 3:
        return []
    values = {value: float(value) for value in all_values(facts)}
    rest = {number for value, number in values.items() if number >= 0 and not NINES.fullmatch(value)}
    negative = [number for number in values.values() if number < 0]
    apart = bool(rest) and len(negative) < len(rest) and (0 not in rest or max(negative, default=0) <= LOW)
    silent = [value for value, number in values.items() if number < 0 and apart]
    silent += [value for value in values if rest and NINES.fullmatch(value) and values[value] > 2 * max(max(rest), 1)]
    return sorted(silent, key=float) if len(values) - len(silent) > 1 else []
