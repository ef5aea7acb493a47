"""The content of a drafted codebook: what the guesses come to, in the grammar of codebooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from personaspace.survey.readers.coding import REFUSED
from personaspace.survey.readers.draft.checkboxes import Group, separated
from personaspace.survey.readers.draft.facts import Facts
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.silent_codes import all_values, silent_codes
from personaspace.survey.readers.non_answers import outcome
from personaspace.survey.readers.option_order import option_positions

LEAST_LETTERS = 5
"""Letters that a cell without a label needs to count as a non-answer by its words: "DK" may be Denmark."""

Content = dict[str, Any]


def content_of(facts: Mapping[str, Facts], guesses: Sequence[Guess], groups: Sequence[Group]) -> Content:
    """The content of the codebook that the guesses come to.

    Args:
        facts: By column.
        guesses: One per column, in the file's order.
        groups: Of checkboxes.
    """
    roles = {guess.column: guess.role for guess in guesses}
    made: Content = {}
    if respondent := [name for name, role in roles.items() if role == "respondent"]:
        made["respondent"] = respondent[0]
    if weight := chosen_weight(facts, guesses):
        made["weight"] = weight
    traits = [name for name, role in roles.items() if role == "trait"]
    if traits:
        made["traits"] = traits
    questions = _questions(facts, roles, groups)
    made |= _non_answers(facts, [name for name in roles if name in questions or roles[name] == "trait"])
    used = {*traits, *(value for value in made.values() if isinstance(value, str))}
    used |= {name for name, role in roles.items() if role in ("question", "number", "checkbox")}
    if left := [escaped_pattern(name) for name in roles if name not in used]:
        made["leave_out"] = left
    if questions:
        made["questions"] = questions
    return made


def chosen_weight(facts: Mapping[str, Facts], guesses: Sequence[Guess]) -> str | None:
    """The weight that is used: a sure one before a doubtful one, then the fullest, then the first."""
    weights = [guess for guess in guesses if guess.role == "weight"]
    return min(weights, key=lambda guess: (not guess.sure, -facts[guess.column].filled)).column if weights else None


def escaped_pattern(name: str) -> str:
    """A name as a pattern of ``leave_out`` that stands for it alone.

    Example:
        >>> escaped_pattern("Q9[SQ001]")
        'Q9[[]SQ001]'
    """
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", name)


def _questions(facts: Mapping[str, Facts], roles: Mapping[str, str], groups: Sequence[Group]) -> Content:
    first = {group.boxes[0].column: group for group in groups}
    boxed = {box.column for group in groups for box in group.boxes}
    made: Content = {}
    for name, role in roles.items():
        if name in first:
            group = first[name]
            taken = group.id in made or (group.id in roles and group.id not in boxed)
            made[name if taken else group.id] = _boxes(group)
        elif role == "checkbox" and name not in boxed and (listing := separated(facts[name])):
            made[name] = {"multiple": {"column": name, "separator": listing[0], "options": listing[1]}}
        elif role == "number":
            low, high = scale_of(facts[name])
            silent = silent_codes(facts[name])
            made[name] = {"scale": {"low": low, "high": high}} | ({"missing": silent} if silent else {})
        elif role == "question":
            made[name] = _choice(facts[name])
    return made


def _boxes(group: Group) -> Content:
    multiple: Content = {"columns": {box.column: box.item for box in group.boxes}}
    for key in ("selected", "not_selected"):
        if cells := list(dict.fromkeys(cell for box in group.boxes for cell in getattr(box, key))):
            multiple[key] = cells
    return {"text": group.text, "multiple": multiple}


def scale_of(facts: Facts) -> tuple[float, float]:
    """The ends of the scale of a number: 0 and 100 or 0 and 10 where they are nearly reached, else the extremes."""
    low, high = facts.low, facts.high
    if silent := silent_codes(facts):
        numbers = [float(value) for value in all_values(facts) if value not in silent]
        low, high = min(numbers), max(numbers)
    for top in (10, 100):
        if 0 <= low <= top / 10 and top * 0.9 <= high <= top and facts.distinct > top / 5:
            return 0, top
    low, high = (int(end) if end.is_integer() else end for end in (low, high))
    return (low, high) if low < high else (low, low + 1)


def _choice(facts: Facts) -> Content:
    """What the file does not say by itself: the options of a column without labels."""
    if facts.options:
        return {}
    values = [value for value in all_values(facts) if value not in facts.away and _not_an_answer(value) is None]
    if facts.numeric:
        silent = silent_codes(facts)
        options = {value: value for value in sorted(values, key=float) if value not in silent}
        return {"options": options} | ({"missing": silent} if silent else {})
    order = option_positions(sorted(values))
    if not order.ordinal:
        return {"options": sorted(values), "ordinal": False}
    placed = sorted(
        zip(sorted(values), order.positions, strict=True), key=lambda one: (one[1] is None, one[1] or 0.0, one[0])
    )
    texts, positions = ([one[at] for one in placed] for at in (0, 1))
    return {"options": texts} | ({"positions": positions} if None in positions else {})


def _non_answers(facts: Mapping[str, Facts], names: Sequence[str]) -> Content:
    """The cells of columns without labels that are no answers by their words."""
    found: dict[str, int] = {}
    for name in names:
        if not facts[name].numeric and not facts[name].options:
            found |= {cell: kind for cell in facts[name].values if (kind := _not_an_answer(cell)) is not None}
    sorts = {"refusals": [cell for cell, kind in found.items() if kind == REFUSED]}
    sorts["missing"] = [cell for cell, kind in found.items() if kind != REFUSED]
    return {key: sorted(cells) for key, cells in sorts.items() if cells}


def _not_an_answer(cell: str) -> int | None:
    return outcome(cell) if sum(map(str.isalpha, cell)) >= LEAST_LETTERS else None
