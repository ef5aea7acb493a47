"""The order of a question's options: by their codes where these are a scale, by words of scales otherwise.

1. Codes evenly meant: where some options are bare codes (1 to 7, only the ends labelled), positions follow the codes.
2. Two options, besides a middle ("Neither", "About the same") and options off the scale, are two ends.
3. Otherwise every option must speak of the same thing: numbers ("18-29"), how often, a known list (education, class),
   marks ("Excellent"), or degrees and poles ("Somewhat likely", "Strongly disagree"); they then have that order.
4. Nothing of this: the options are names (religions, candidates), and none has a position.

Options off the scale ("Not sure", "It depends", "Other") have no position; a middle has its own even if it stands last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from personaspace.survey.question import scaled_positions
from personaspace.survey.readers.non_answers import UNDECIDED, spoken, words_of
from personaspace.survey.readers.option_scores import FAMILIES, MIDDLE, OFF_SCALE, OTHER, TIED, amount, plain

MOST_POINTS = 26
"""A scale with more points than this is a number."""


@dataclass(frozen=True)
class Order:
    """The order of a question's options, and how it was found.

    Attributes:
        positions: One per option, from 0 to 1; ``None`` for options off the scale, and for all where there is no order.
        ordinal: Whether there is an order.
        why: The rule, for people.
        sure: False where somebody should look at it.
    """

    positions: tuple[float | None, ...]
    ordinal: bool
    why: str
    sure: bool


def option_positions(labels: Sequence[str], codes: Sequence[str] | None = None) -> Order:
    """The positions of options, by their codes or by words of scales.

    Args:
        labels: The options' texts in the file's order, refusals and missing answers left out; bare codes and texts
            without a letter ("-", "") are points without a label.
        codes: One per option, as :func:`~personaspace.survey.readers.coding.plain` text, if there are any.

    Example:
        >>> option_positions(["Not at all", "2", "6", "Completely"], ["1", "2", "6", "7"]).positions
        (0.0, 0.16666666666666666, 0.8333333333333334, 1.0)
        >>> option_positions(["Better", "Worse", "About the same", "Not sure"]).positions
        (0.0, 1.0, 0.5, None)
        >>> option_positions(["Protestant", "Catholic", "Jewish", "None"]).ordinal
        False
    """
    texts = [plain(label) for label in labels]
    off = {
        i
        for i, text in enumerate(texts)
        if UNDECIDED.fullmatch(text) or (len(labels) > 2 and OFF_SCALE.fullmatch(text))
    }
    on = [i for i in range(len(labels)) if i not in off]
    if (numbers := _code_numbers(labels, codes, on)) is not None:
        return _order(len(labels), numbers, "by code", True)
    middle = [i for i in on if MIDDLE.search(texts[i])]
    middle = middle if len(middle) == 1 and len(on) > 2 else []
    ends = [i for i in on if i not in middle]
    if len(ends) == 2:
        if any(OTHER.match(texts[i]) for i in off) and all(amount(texts[i], "") is None for i in ends):
            return Order((None,) * len(labels), False, "two names and another", False)
        places = {ends[0]: 0.0, ends[1]: 2.0} | dict.fromkeys(middle, 1.0)
        return _order(len(labels), places, "two ends", True)
    if len(ends) < 2:
        return Order((None,) * len(labels), False, "fewer than two options on a scale", False)
    texts = _unframed(texts, ends)
    scores = [{i: family(texts[i], labels[i]) for i in ends} for family in FAMILIES]
    for name, found in zip(FAMILIES.values(), scores, strict=True):
        if (ordered := _ordered(ends, middle, found, codes is not None, name in TIED)) is not None:
            ranked, given = ordered
            return _order(len(labels), {i: float(at) for at, i in enumerate(ranked)}, name, given or codes is None)
    return _nearly(len(labels), on, middle, scores)


def points(labels: Mapping[str, str], found: Iterable[str]) -> dict[str, str]:
    """The options of a labelled variable, unlabelled points between labelled codes among them.

    Where a whole number between two labelled codes was chosen and has no label, every whole number between the lowest
    and the highest of them is a point of the scale, chosen or not, as in "1 Not at all" to "7 Completely". Labels
    without a letter or digit ("-", "") are points too. Codes outside the labelled ones are no points.

    Args:
        labels: From code to label, refusals and missing answers left out.
        found: The codes in the column.

    Returns:
        From code to label, or to the code itself where there is no label; in the order of the codes where there are
        such points.

    Example:
        >>> points({"1": "Never", "4": "Always"}, ["1", "3"])
        {'1': 'Never', '2': '2', '3': '3', '4': 'Always'}
    """
    kept = {code: label if words_of(spoken(label)) else code for code, label in labels.items()}
    whole = {int(code) for code in kept if _whole(code) and not OFF_SCALE.fullmatch(plain(kept[code]))}
    chosen = {int(code) for code in found if _whole(code)}
    if not whole or not any(min(whole) < code < max(whole) and str(code) not in kept for code in chosen):
        return kept
    between = range(min(whole), max(whole) + 1)
    if len(between) > MOST_POINTS:
        return kept
    scale = {str(code): kept.get(str(code), str(code)) for code in between}
    return scale | {code: label for code, label in kept.items() if code not in scale}


def _whole(code: str) -> bool:
    return re.fullmatch(r"-?\d{1,4}", code) is not None


def _order(options: int, places: Mapping[int, float], why: str, sure: bool) -> Order:
    positions = scaled_positions([places.get(i) for i in range(options)])
    return Order(positions, any(place is not None for place in positions), why, sure)


def _code_numbers(labels: Sequence[str], codes: Sequence[str] | None, on: Sequence[int]) -> dict[int, float] | None:
    """The numbers of the options where some of them are bare numbers, and so the numbers are the scale."""
    given = [found[0] if (found := re.match(r"\s*-?\d+(?:\.\d+)?(?!\S*\d|\s*(?:to|-|and)\s*\d)", label)) else None
             for label in labels]  # fmt: skip
    codes = codes or [(text or "").strip() for text in given]
    bare = [i for i in on if labels[i].strip() == codes[i] or not words_of(labels[i]) or _begins(labels[i], codes[i])]
    numbers = {i: float(codes[i]) for i in on if re.fullmatch(r"-?\d+(?:\.\d+)?", codes[i])}
    return numbers if bare and len(numbers) == len(on) and len(set(numbers.values())) > 1 else None


def _begins(label: str, code: str) -> bool:
    """Whether a label is its code with a mark and words: "7 - poor", but neither "1 year" nor "1-5 years"."""
    return re.match(rf"\s*{re.escape(code)}\s*[-\u2013\u2014.:=)]+\s*[^\W\d]", label) is not None if code else False


def _unframed(texts: Sequence[str], of: Sequence[int]) -> list[str]:
    """The texts without the words with which all of these begin or end."""
    split = {i: texts[i].split() for i in of}
    for at in (0, -1):
        while all(len(words) > 1 for words in split.values()) and len({words[at] for words in split.values()}) == 1:
            for words in split.values():
                words.pop(at)
    return [" ".join(split.get(i, [text])) for i, text in enumerate(texts)]


def _monotone(scores: Sequence[float | None]) -> bool:
    """Whether scores never fall or never rise."""
    known = [score for score in scores if score is not None]
    steps = [b - a for a, b in pairwise(known)]
    return all(step >= 0 for step in steps) or all(step <= 0 for step in steps)


def _with_nothing(scores: dict[int, float]) -> dict[int, float]:
    """Scores in which "not at all" is below every negative where there are two poles, and 0 elsewhere."""
    lowest, highest = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    return {i: score or (lowest - 0.1 if lowest < 0 < highest else 0.0) for i, score in scores.items()}


def _ordered(
    ends: Sequence[int], middle: Sequence[int], found: Mapping[int, float | None], coded: bool, tied: bool
) -> tuple[list[int], bool] | None:
    """The options in order where all are scored, and whether scores and the order given agree."""
    scores = _with_nothing({i: score for i in ends if (score := found[i]) is not None})
    given = _monotone(list(scores.values()))
    if len(scores) < len(ends) or len(set(scores.values())) < max(
        2, len(ends) // 2 + 1 if given and tied else len(ends)
    ):
        return None
    ordered = list(ends) if given or coded else sorted(ends, key=lambda i: scores[i])
    for i in middle:
        below = scores[ordered[0]] < 0
        at = next((k for k, j in enumerate(ordered) if (scores[j] < 0) != below), sum(j < i for j in ordered))
        ordered.insert(at, i)
    return ordered, given


def _nearly(
    options: int, on: Sequence[int], middle: Sequence[int], scores: Sequence[Mapping[int, float | None]]
) -> Order:
    """Options of which all but one are scored, in order: that one is off the scale if it stands last; else names."""
    best = max(scores, key=lambda found: sum(score is not None for score in found.values()))
    unknown = [i for i, score in best.items() if score is None]
    values = [score for score in best.values() if score is not None]
    if len(unknown) == 1 and len(values) > 2 and _monotone(values) and len(set(values)) > len(values) / 2:
        kept = [i for i in on if unknown[0] != on[-1] or i != on[-1]]
        return _order(options, {i: float(at) for at, i in enumerate(kept)}, "all but one in order", False)
    return Order((None,) * options, False, "no words of a scale", len(values) + len(middle) == 0)
