"""The rules: from what is known of each column to the guess of its role, the first rule that fits first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personaspace.survey.readers.draft.checkboxes import Group, groups, separated
from personaspace.survey.readers.draft.dependency import recodes
from personaspace.survey.readers.draft.facts import Facts
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.lexicon import pattern, word_set
from personaspace.survey.readers.draft.silent_codes import silent_codes
from personaspace.survey.readers.draft.traits import blocks, trait
from personaspace.survey.readers.folding import folded
from personaspace.survey.readers.variable import MOST_OPTIONS

LEAST_ROWS = 20
"""Rows below which nothing is guessed from the cells alone."""

MOST_TEXTS = 40
"""More different texts than this, without labels, are no options."""


def guessed(facts: Sequence[Facts]) -> tuple[list[Guess], list[Group]]:
    """The role of every column, and the groups of checkboxes."""
    boxes = groups([one for one in facts if one.column.role in (None, "checkbox")])
    ticked = {box.column: group for group in boxes for box in group.boxes}
    refused = {name for group in boxes for name in group.refused}
    found: dict[str, Guess] = {}
    for one in facts:
        if one.name in ticked:
            found[one.name] = Guess(one.name, "checkbox", ticked[one.name].why, ticked[one.name].sure)
        elif one.name in refused:
            found[one.name] = Guess(one.name, "derived", "it marks who ticked none of the boxes beside it")
        else:
            found[one.name] = _guess(one)
    found |= _one_respondent(facts, found)
    found |= blocks(facts, found)
    found |= recodes(facts, found)
    return [found[one.name] for one in facts], boxes


def _guess(facts: Facts) -> Guess:
    if facts.column.role is not None:
        return Guess(facts.name, facts.column.role, "the file says so")
    for rule in (
        _respondent,
        _weight,
        _administrative,
        _attention,
        trait,
        _of_interviewer,
        _derived,
        _empty,
        _listing,
        _open,
        _number,
    ):
        if (guess := rule(facts)) is not None:
            return guess
    return _question(facts)


def _respondent(facts: Facts) -> Guess | None:
    unique = facts.distinct == facts.rows >= 2 and not (facts.numeric and not facts.whole)
    named = bool(word_set("respondent_names") & set(facts.words)) or "".join(facts.words) in word_set(
        "respondent_names"
    )
    labelled = bool(pattern("respondent_label").search(folded(facts.text)))
    if facts.options or facts.length > 60 or facts.dates:
        return None
    if not unique:
        repeats = facts.distinct > max(MOST_OPTIONS, facts.filled / 10) and (facts.whole or not facts.numeric)
        if repeats and (labelled or "id" in facts.words) and not facts.asks:
            return Guess(facts.name, "administrative", "it is called an id, and some rows share one", sure=False)
        return None
    if named or labelled:
        by = "name" if named else "label"
        return Guess(facts.name, "respondent", f"its {by} says id, and every row has another value")
    dense = facts.numeric and facts.rows >= LEAST_ROWS and (facts.low in (0, 1)) and facts.high - facts.low < facts.rows
    if dense:
        return Guess(facts.name, "respondent", "it numbers the rows", sure=False)
    return None


def _one_respondent(facts: Sequence[Facts], found: Mapping[str, Guess]) -> dict[str, Guess]:
    """Of several ids one is kept: a sure one before a doubtful one, the first before the others.

    Where there is none, the first column of different values in every row is one, doubtfully.
    """
    ids = [one for one in facts if found[one.name].role == "respondent"]
    if ids:
        kept = min(ids, key=lambda one: not found[one.name].sure)
        return {
            one.name: Guess(one.name, "administrative", f"it is another number of the rows, beside {kept.name}")
            for one in ids
            if one is not kept
        }
    for one in facts[:5]:
        different = one.distinct == one.rows >= LEAST_ROWS and not one.dates and (one.whole or not one.numeric)
        different &= not any(" " in value for value in one.values)
        if different and 0 <= one.length <= 40 and found[one.name].role in ("number", "free text"):
            why = "every row has another value, and it stands at the start"
            return {one.name: Guess(one.name, "respondent", why, sure=False)}
    return {}


def _weight(facts: Facts) -> Guess | None:
    joined = "".join(facts.words)
    named = bool(pattern("weight_names").fullmatch(joined)) or any(
        pattern("weight_names").fullmatch(word) for word in facts.words if len(word) > 1
    )
    labelled = bool(pattern("weight_label").search(folded(facts.text))) and not facts.asks
    if (
        not (named or labelled)
        or not facts.numeric
        or facts.low < 0
        or pattern("body_weight").search(folded(facts.text))
    ):
        return None
    if len(facts.options) > 1 or facts.asks or facts.distinct < 2:
        return None
    if not facts.whole:
        by = "name and label say" if named and labelled else f"{'name' if named else 'label'} says"
        return Guess(facts.name, "weight", f"its {by} weight, and it holds positive numbers with decimals")
    if labelled or (facts.distinct > MOST_OPTIONS and not facts.text):
        return Guess(facts.name, "weight", "it is called a weight, and holds whole numbers", sure=False)
    return None


def _administrative(facts: Facts) -> Guess | None:
    text = folded(facts.text)
    named = sorted(word_set("administrative_names") & {*facts.words, "".join(facts.words)})
    if facts.dates and facts.filled:
        return Guess(facts.name, "administrative", "its cells are dates or times", sure=bool(named) or not facts.text)
    if facts.asks or facts.grades:
        return None
    if (
        word_set("year_names") & set(facts.words)
        and 1900 <= facts.low <= facts.high <= 2100
        and facts.distinct <= MOST_OPTIONS
    ):
        return Guess(facts.name, "administrative", "it holds years, few of them", sure=False)
    if text and len(text.split()) <= 10 and (found := pattern("administrative_label").search(text)):
        return Guess(facts.name, "administrative", f"its label speaks of the interview ({found[0]!r})")
    if named:
        why = f"its name has the word {named[0]!r}, and its label is not a question"
        return Guess(facts.name, "administrative", why, sure=not facts.text or len(text.split()) < 6)
    return None


def _attention(facts: Facts) -> Guess | None:
    if pattern("attention").search(folded(facts.text)):
        return Guess(facts.name, "administrative", "its label asks for attention or consent, not for an opinion")
    return None


def _of_interviewer(facts: Facts) -> Guess | None:
    """A question that is not put to the respondents: what an interviewer notes about them."""
    if pattern("of_interviewer").search(folded(facts.text)):
        return Guess(facts.name, "administrative", "it is what an interviewer notes about the respondent", sure=False)
    return None


def _derived(facts: Facts) -> Guess | None:
    if facts.asks:
        return None
    named = sorted(word_set("derived_names") & set(facts.words))
    if facts.text and (found := pattern("derived_label").search(folded(facts.text))):
        return Guess(facts.name, "derived", f"its label says that it was computed ({found[0]!r})")
    if named and (not facts.text or not facts.grades):
        return Guess(facts.name, "derived", f"its name says that it was computed ({named[0]!r})", sure=bool(facts.text))
    return None


def _empty(facts: Facts) -> Guess | None:
    if not facts.filled:
        return Guess(facts.name, "administrative", "it holds no answer")
    if facts.distinct == 1:
        return Guess(facts.name, "administrative", "it holds one value throughout", sure=facts.rows >= LEAST_ROWS)
    return None


def _listing(facts: Facts) -> Guess | None:
    if (listing := separated(facts)) is None:
        return None
    mark = {"\n": "line breaks", ",": "commas", ";": "semicolons"}.get(listing[0], repr(listing[0]))
    return Guess(facts.name, "checkbox", f"its cells list {len(listing[1])} items, parted by {mark}", listing[0] != ",")


def _open(facts: Facts) -> Guess | None:
    """Free text: many different cells, long ones, or a name or label that asks for one's own words."""
    if facts.numeric or facts.options:
        return None
    asked = bool(pattern("open_label").search(folded(facts.text))) or (
        bool(set(facts.words[-1:]) & word_set("open_names"))
    )
    if facts.distinct > MOST_TEXTS or (facts.length > 80 and facts.distinct > facts.filled / 2):
        sure = facts.distinct > facts.filled / 4 or asked
        return Guess(facts.name, "free text", f"it holds {facts.distinct} different texts", sure=sure)
    if asked and facts.distinct > facts.filled / 3:
        return Guess(facts.name, "free text", "its name or label asks for one's own words")
    if facts.filled >= LEAST_ROWS and facts.distinct > facts.filled / 2 and facts.length > 15:
        return Guess(facts.name, "free text", "more than half of its cells differ", sure=False)
    return None


def _number(facts: Facts) -> Guess | None:
    if not facts.numeric:
        return None
    few = len(facts.options) < 2 or len(facts.unlabelled) > len(facts.options)
    if few and (facts.distinct > MOST_OPTIONS or not facts.whole):
        points = "decimals" if not facts.whole else f"{facts.distinct} different numbers"
        return Guess(facts.name, "number", f"it holds {points}, and no labels for them")
    if not facts.options and facts.distinct > 8 and (facts.low, facts.high) in ((0, 10), (0, 100)):
        return Guess(facts.name, "number", f"it goes from 0 to {facts.high:g}, without labels")
    if not facts.options and facts.distinct > 12 and facts.rows >= LEAST_ROWS:
        return Guess(facts.name, "number", f"it holds {facts.distinct} different numbers without labels", sure=False)
    return None


def _question(facts: Facts) -> Guess:
    if facts.options:
        return Guess(facts.name, "question", "its answers have labels")
    if not facts.numeric:
        return Guess(facts.name, "question", f"its cells are {facts.distinct} different texts")
    if silent := silent_codes(facts):
        why = f"it holds whole numbers without labels, of which {', '.join(silent)} is taken for no answer"
        return Guess(facts.name, "question", why, sure=False)
    return Guess(facts.name, "question", f"it holds {facts.distinct} whole numbers without labels")
