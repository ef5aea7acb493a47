"""Checkboxes: which columns are the boxes of one "tick all that apply", and what each box stands for."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from personaspace.survey.readers.draft.facts import Facts
from personaspace.survey.readers.draft.lexicon import pattern, word_set
from personaspace.survey.readers.folding import folded
from personaspace.survey.readers.non_answers import outcome

LEAST_ALIKE = 3
"""Least columns of bare 0 and 1 that make a group; fewer may be anything."""

SEPARATORS = (";", "|", "\n", ",")
MOST_ITEMS = 30
LEAST_TICKS = 5
"""Mean number of respondents per item from which the parts of cells are items and not words of free text."""

WORDS = r"other|oth|none|ref|refused|dk|autre|sonst\w*|otro|altro"
INDEX = re.compile(
    rf"^(.+?)(?:[_.\-\[( ]+(?:\d{{1,3}}|[a-z]|{WORDS})[\])]*|(?<=[^\W\d_])(?:\d{{1,3}}|{WORDS})|[a-z])$", re.I
)
"""A name that numbers the boxes of a group: what comes before the number, letter or word."""


@dataclass(frozen=True)
class Box:
    """One column of a group.

    Attributes:
        column: Its name.
        item: What it stands for.
        selected: Its cells that mean ticked.
        not_selected: Its cells that mean not ticked; empty cells where there are none.
    """

    column: str
    item: str
    selected: tuple[str, ...]
    not_selected: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The boxes of one "tick all that apply".

    Attributes:
        id: Of the question.
        text: What all the boxes have in common.
        boxes: In the file's order.
        refused: Columns that only say that no box was ticked.
        why: The rule.
        sure: Whether it is hardly ever wrong.
    """

    id: str
    text: str
    boxes: tuple[Box, ...]
    refused: tuple[str, ...]
    why: str
    sure: bool


def groups(facts: Sequence[Facts]) -> list[Group]:
    """The groups of checkboxes of a file: neighbouring columns that look like boxes and share a name or a label."""
    found: list[Group] = []
    run: list[tuple[Facts, str]] = []
    for one in [*facts, None]:
        kind = _kind(one) if one is not None else ""
        if one is not None and run and kind and _together(run[-1][0], one):
            run.append((one, kind))
            continue
        if (group := _group(run)) is not None:
            found.append(group)
        run = [(one, kind)] if one is not None and kind else []
    return found


def separated(facts: Facts) -> tuple[str, list[str]] | None:
    """The separator and the items of one column that lists the boxes ticked ("TV;Radio"), if it is one.

    Items must be few (:data:`MOST_ITEMS`), used often (:data:`LEAST_TICKS` times on average), fewer than the different
    cells, and at least one cell in ten must list several. Parts that only ever stand together are one item.
    """
    if facts.options or facts.numeric or facts.dates or facts.distinct < 3:
        return None
    if not any(mark in value for value in facts.values for mark in SEPARATORS):
        return None
    rows = facts.column.cells.dropna().astype("str").value_counts()
    for mark in SEPARATORS:
        listing = rows.index.str.contains(mark, regex=False)
        if rows[listing].sum() < rows.sum() / 10 or not listing.any():
            continue
        parts = [[part.strip() for part in cell.split(mark) if part.strip()] for cell in rows.index]
        parts = _joined(parts, f"{mark} " if mark == "," else mark)
        items = {part for row in parts for part in row}
        ticks = sum(len(row) * int(count) for row, count in zip(parts, rows, strict=True))
        doubled = any(len(set(row)) < len(row) for row in parts)
        if (
            2 <= len(items) <= MOST_ITEMS
            and ticks >= LEAST_TICKS * len(items)
            and not doubled
            and len(items) < len(rows)
        ):
            return mark, sorted(items)
    return None


def _joined(rows: list[list[str]], mark: str) -> list[list[str]]:
    """The rows with parts that only ever follow each other as one part ("News sites, apps")."""
    single = Counter(part for row in rows for part in row)
    pairs = Counter(pair for row in rows for pair in itertools.pairwise(row))
    after = {one: other for (one, other), count in pairs.items() if count == single[one] == single[other] > 1}
    whole = []
    for row in rows:
        made: list[str] = []
        for at, part in enumerate(row):
            follows = at > 0 and after.get(row[at - 1]) == part
            made = [*made[:-1], f"{made[-1]}{mark}{part}"] if follows else [*made, part]
        whole.append(made)
    return whole


def _kind(facts: Facts) -> str:
    """How a column looks like a box: by what the file says, its labels, blanks, bare 0 and 1; empty if it is none."""
    column = facts.column
    if column.group is not None or column.role == "checkbox":
        return "file"
    labels = [folded(label) for label in facts.options.values()]
    if not labels and column.labels and not facts.filled:
        return "refused"
    if (
        set(labels)
        and all(pattern("not").sub("", label) in word_set("ticked") for label in labels)
        and len(labels) <= 2
    ):
        return "label"
    if len(labels) == 1 and (set(facts.unlabelled) in (set(), {"0"}, {"2"}) or facts.distinct == 1):
        return "one label"
    if labels or not 1 <= facts.distinct <= 2:
        return ""
    cells = {folded(value) for value in facts.values}
    if all(pattern("not").sub("", cell) in word_set("ticked") for cell in cells):
        return "blank" if len(cells) == 1 else "label"
    if len(cells) == 1 and facts.filled < facts.rows and (cells == {"1"} or (not facts.numeric and not facts.dates)):
        return "blank"
    return "bare" if cells in ({"0", "1"}, {"-1", "1"}) else ""


def _together(one: Facts, other: Facts) -> bool:
    if one.column.group is not None or other.column.group is not None:
        return one.column.group == other.column.group
    first, second = _stem(one), _stem(other)
    if first and first == second:
        return True
    if "_" in one.core and one.core.partition("_")[0].casefold() == other.core.partition("_")[0].casefold():
        return True
    before, after = _common([one.text, other.text])
    return len(f"{before} {after}".split()) >= 4


def _stem(facts: Facts) -> str:
    found = INDEX.match(facts.core)
    return (found[1] or "").casefold() if found else ""


def _group(run: Sequence[tuple[Facts, str]]) -> Group | None:
    boxes = [(facts, kind) for facts, kind in run if kind != "refused" and not _says_refused(facts)]
    kinds = {kind for _, kind in boxes}
    least = LEAST_ALIKE if kinds == {"bare"} else 1 if kinds & {"label", "file"} else 2
    if len(boxes) < least:
        return None
    if kinds == {"bare"} and len({_stem(facts) for facts, _ in boxes}) > 1:
        return None
    before, after = _common([facts.text for facts, _ in boxes])
    shared = " ".join(f"{before} {after}".replace("(", " ").replace(")", " ").split()).strip(" -:.\u2026")
    own = boxes[0][0]
    if len(boxes) == 1:
        before, after, shared = "", "", own.text
    stems = {_stem(facts) for facts, _ in boxes}
    cores = [facts.core for facts, _ in boxes]
    shared_name = cores[0][: len(stems.pop())] if len(stems) == 1 else _beginning(cores)
    name = own.column.group or shared_name.strip("_.-") or own.core
    refused = tuple(facts.name for facts, kind in run if kind == "refused" or _says_refused(facts))
    why, sure = _why(kinds, len(boxes), bool(shared))
    made = tuple(_box(facts, before, after) for facts, _ in boxes)
    return Group(name, shared or name, made, refused, why, sure)


def _beginning(names: Sequence[str]) -> str:
    """The letters with which all names begin."""
    return "".join(letters[0] for letters in itertools.takewhile(_alike, zip(*names, strict=False)))


def _says_refused(facts: Facts) -> bool:
    """Whether a column only marks those who ticked no box: its text or its one label is no answer."""
    labels = list(facts.column.labels.values())
    starts = [folded(label).startswith("refused") for label in labels]
    return "no item in set selected" in folded(facts.text) or (
        bool(labels) and all(outcome(label) is not None or start for label, start in zip(labels, starts, strict=True))
    )


def _why(kinds: set[str], boxes: int, shared: bool) -> tuple[str, bool]:
    if kinds == {"file"}:
        return "the file says that it is a box of a 'tick all that apply'", True
    if "label" in kinds:
        return "its cells or labels say selected or not selected", True
    if "one label" in kinds:
        return f"it has one label, which says what is ticked, as have the {boxes - 1} beside it", True
    if "blank" in kinds:
        return f"it holds one value or nothing, as do the {boxes - 1} of the same name beside it", True
    return f"it holds 1 and 0, or 1 and -1, without labels, as do the {boxes - 1} of the same name beside it", shared


def _box(facts: Facts, before: str, after: str) -> Box:
    item = facts.text[len(before) : len(facts.text) - len(after)].strip(" -:.()\u2026") if facts.text else ""
    yes = [
        code
        for code, label in facts.options.items()
        if not pattern("not").match(folded(label)) or len(facts.options) == 1
    ]
    no = [code for code in facts.options if code not in yes]
    strange = [value for value in facts.unlabelled if value not in no]
    if not set(yes) & set(facts.values):  # a box without a label, or labelled by another code than it holds
        yes += [
            value
            for value in strange
            if value not in ("0", "-1") and (len(strange) == 1 or not pattern("not").match(folded(value)))
        ][:1]
    no += [value for value in strange if value not in yes]
    labels = [
        facts.options[code]
        for code in yes
        if code in facts.options and folded(facts.options[code]) not in word_set("ticked")
    ]
    cell = yes[0] if yes and not facts.numeric and folded(yes[0]) not in word_set("ticked") else ""
    return Box(facts.name, item or (labels or [cell or facts.name])[0] or facts.name, tuple(yes or ["1"]), tuple(no))


def _common(texts: Sequence[str]) -> tuple[str, str]:
    """The words at the start and at the end that all texts share."""
    if len(texts) < 2 or not all(texts):
        return "", ""
    split = [re.findall(r"\w+|\W", text) for text in texts]
    before = [parts[0] for parts in itertools.takewhile(_alike, zip(*split, strict=False))]
    rest = [reversed(parts[len(before) :]) for parts in split]
    after = [parts[0] for parts in itertools.takewhile(_alike, zip(*rest, strict=False))]
    return "".join(before), "".join(reversed(after))


def _alike(parts: Sequence[str]) -> bool:
    return len(set(parts)) == 1
