"""Scores of option labels: how a label alone says its place among others, one way of saying so a function.

Each takes the words of a label without what all labels share, and the label; it returns a number that grows with what
the label says, or ``None`` where it says nothing of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from personaspace.survey.readers import order_words
from personaspace.survey.readers.non_answers import spoken, words_of

LONGEST = 8
"""A label of more words is a statement, and degrees in it are of something else."""


def plain(label: str) -> str:
    """The words of a label, "don't" as "do not"."""
    text = re.sub(r"\bwont\b", "will not", re.sub(r"\bcant\b", "can not", words_of(spoken(label))))
    return re.sub(r"\b(do|does|did|is|are|was|were|has|have|had|would|should|could)nt\b", r"\1 not", text)


def _whole_words(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line.strip()})" for line in spoken(patterns).splitlines() if line.strip()))


def _words(patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_whole_words(patterns).pattern})\b")


OFF_SCALE = _whole_words(order_words.OFF_SCALE)
MIDDLE, POSITIVE, NEGATIVE = (_words(of) for of in (order_words.MIDDLE, order_words.POSITIVE, order_words.NEGATIVE))
DEGREES = [(degree, re.compile(rf"\b(?:{pattern})\b")) for degree, pattern in order_words.DEGREES]
QUALITIES = [(score, re.compile(pattern)) for score, pattern in order_words.QUALITIES]
FREQUENCIES = [(score, re.compile(pattern)) for score, pattern in order_words.FREQUENCIES]
UNITS = [(times, re.compile(rf"\b(?:{pattern})\b")) for pattern, times in order_words.UNITS.items()]
COUNTS = [(count, re.compile(rf"\b(?:{pattern})\b")) for pattern, count in order_words.COUNTS.items()]
OTHER = re.compile(
    r"(some )?other\b|another\b|some(thing|one|body) else|otr[oa]|autre|andere|sonstige|altr[oiae]|outr[oa]"
)
LISTS = [[re.compile(pattern) for pattern in of] for of in order_words.LISTS]
NOT = re.compile(r"\b(?:not|no|never|neither|nicht|kein\w*|ne|pas|non|nao)\b")
TOO = re.compile(
    r"(?<!not )\b(?P<far>far |much |way )?too (?:(?P<little>little|few|low|small|short|slow|weak|lenient|easy)|\w+)"
)


def number(_: str, label: str) -> float | None:
    """The number or range in a label: "Less than 1 year", "$30,000 to $39,999", "65+"."""
    text = re.sub(r"\btwice\b", "2", re.sub(r"^once\b", "1", spoken(label)))
    text = re.sub(r"(?<=\d)[,' ](?=\d{3}\b)", "", _digits(text))
    found = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    if not found:
        return 0.0 if re.match(r"(none|no|zero|never)\b", text) else None
    if re.search(r"\b(less|under|below|fewer|up to|younger|unter|bis|menos|moins|meno)\b|<", text) and len(found) == 1:
        return found[0] - 0.5
    return found[0] + (0.25 if re.search(r"\b(more|over|above|older|plus|uber|mas|mais|piu)\b|\+|>", text) else 0.0)


def frequency(text: str, _: str) -> float | None:
    """How many times a year: "Never", "A few times a month", "Often"."""
    text = re.sub(r"^(yes|no) (but )?| or (more|less|more often|almost every day)$", "", text)
    known = next((score for score, pattern in FREQUENCIES if pattern.fullmatch(text)), None)
    unit = next((times for times, pattern in UNITS if pattern.search(text)), None)
    if known is not None or unit is None or len(text.split()) > LONGEST:
        return known
    numbers = [float(number) for number in re.findall(r"\d+", _digits(text))]
    counted = next((count for count, pattern in COUNTS if pattern.search(text)), None)
    count = sum(numbers) / len(numbers) if numbers else counted
    if count is None:
        return None
    return count * unit * (0.9 if re.search(r"\bless\b", text) else 1.1 if re.search(r"\bmore\b", text) else 1.0)


def _digits(text: str) -> str:
    """The text with numbers to ten as digits."""
    return re.sub(
        rf"\b(?:{'|'.join(order_words.NUMBERS)})\b", lambda found: str(order_words.NUMBERS.index(found[0])), text
    )


def listed(known: Sequence[re.Pattern[str]]) -> Callable[[str, str], float | None]:
    """The place in one of the known lists."""

    def score(text: str, label: str) -> float | None:
        whole = plain(label)
        found = [at for at, pattern in enumerate(known) if pattern.fullmatch(whole) or pattern.fullmatch(text)]
        return float(found[0]) if found else None

    return score


def quality(text: str, label: str) -> float | None:
    """A mark, such as "Excellent" or "Only fair"."""
    mark = next((score for score, pattern in reversed(QUALITIES) if pattern.fullmatch(text)), None)
    return amount(text, label) if mark is None else mark


def amount(text: str, _: str) -> float | None:
    """How much of which pole: from -1 ("Completely disagree") to 1 ("Completely agree")."""
    text = re.split(r" but (?!not (?:much|very)|only)", text)[0]
    if len(text.split()) > LONGEST:
        return None
    if too := TOO.search(text):
        return (-1 if too["little"] else 1) * (0.85 if too["far"] else 0.7)
    if re.match(r"no (definitely|probably|not|never)\b|(definitely|probably|certainly) no$", text):
        return -0.6 if "probably" in text else -1.0
    degree, rest = next(
        ((degree, pattern.sub(" ", text, count=1)) for degree, pattern in DEGREES if pattern.search(text)), (None, text)
    )
    negative = NEGATIVE.search(rest)
    pole = negative or POSITIVE.search(rest)
    if degree is None and pole is None:
        return None
    others = rest.replace(negative[0], " ", 1) if negative else rest
    denied = NOT.search(others) is not None
    if degree is None:
        return 0.0 if denied else -0.7 if negative else 0.7
    return degree * (-1 if (negative is not None) != denied else 1)


FAMILIES: dict[Callable[[str, str], float | None], str] = {
    number: "by number",
    frequency: "by how often",
    **{listed(known): "by a known list" for known in LISTS},
    quality: "by degree",
    amount: "by degree",
}
"""From how one label is scored to what that is called."""

TIED = ("by how often", "by degree")
"""Where words of two labels may weigh the same, and the file's order decides."""
