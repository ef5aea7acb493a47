"""Recognize value labels that mean a refusal ("Refused") or no answer ("Don't know"), in ten languages.

The languages are English, Spanish, French, German, Italian, Portuguese, Dutch, Polish, Russian and Chinese. The rule,
over labels of codes and never over bare cells:

1. Codes and marks are taken off: "-9. Refused", "8 Don't know", "[Don't know]", "Refusal*", "(VOL) DK/Ref".
2. The whole label, or each part between "/", ",", "or", "and" and their translations, must be a phrase that is known to
   mean no answer. A label that merely contains one is an answer: "They refused to pay".
3. Abbreviations ("DK", "NA", "KA", "NSP") count unless the labels beside them are short codes too, as of countries.
4. Phrases that some surveys offer as an answer ("Not sure", "No opinion", "Does not apply") are options, unless their
   code is negative or they stand beside one that is no answer ("Don't know / Not sure").
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from personaspace.survey.readers import non_answer_words as known
from personaspace.survey.readers.coding import MISSING, REFUSED
from personaspace.survey.readers.folding import folded

LONGEST = 120
"""Characters of a label that are looked at."""


def spoken(text: str) -> str:
    """A text without capitals, accents and apostrophes."""
    return folded(re.sub("\u00e2\u20ac\u2122|['`\u00b4\u2018\u2019\u201b\u02bc\u02b9\uff07]", "", text))


def _pattern(phrases: Mapping[str, str]) -> re.Pattern[str]:
    """One pattern of the phrases of all languages."""
    lines = (line.strip() for lines in phrases.values() for line in lines.replace("\\\n", "").splitlines())
    return re.compile("|".join(f"(?:{spoken(line)})" for line in lines if line))


REFUSALS, NO_ANSWERS, UNDECIDED = (_pattern(of) for of in (known.REFUSALS, known.NO_ANSWERS, known.UNDECIDED))
OF_NEGATIVE_CODES, MARKS, JOINED = (
    re.compile(of) for of in (known.OF_NEGATIVE_CODES, spoken(known.MARKS), known.JOINED)
)
CODE = re.compile(
    r"[(\[{<]?\s*(?:[-\u2212]?\d+(?:[.,]\d+)?|\.[a-z]\b|[a-z](?=[.)\]]\s+\w{3}))\s*[)\]}>]?\s*[.:=)\-\u2013\u2014]*\s*"
)
"""A code before a label: "-9. ", "8 ", "(98) ", "99=", ".r ", "a) "."""


def outcome(label: str, code: str = "") -> int | None:
    """Whether a value label means a refusal, no answer or an answer.

    Args:
        label: As the file has it; only labels, since a bare cell "DK" may be Denmark.
        code: The code it stands for, if known: ambiguous labels of negative codes are no answers.

    Returns:
        ``REFUSED`` where any part says so, ``MISSING`` for don't know, not asked and the like, ``None`` for an answer.

    Example:
        >>> [outcome(label) for label in ("(VOL) Don't know/Refused", "-1. Inap", "They refused to pay", "Not sure")]
        [-1, -2, None, None]
        >>> outcome("Not sure", code="-8")
        -2
    """
    text = _bare(label)
    kinds = {_kind(text)} if _kind(text) else {_kind(part) for part in _parts(text)}
    if None not in kinds and kinds & {REFUSED, MISSING}:
        return REFUSED if REFUSED in kinds else MISSING
    if code.startswith("-") and (_hints(text) or OF_NEGATIVE_CODES.search(text)):
        return REFUSED if REFUSALS.match(words_of(text)) else MISSING
    return None


def outcomes(labels: Mapping[str, str]) -> dict[str, int]:
    """The codes of one variable whose labels are no answers: ``REFUSED`` or ``MISSING``; see :func:`outcome`.

    Args:
        labels: From code to label. An abbreviation among other short codes, as of countries, is one of them.

    Example:
        >>> outcomes({"1": "Yes", "2": "No", "8": "DK"}), outcomes({"1": "DE", "2": "DK", "3": "FR"})
        ({'8': -2}, {})
    """
    found = {code: kind for code, label in labels.items() if (kind := outcome(label, code)) is not None}
    others = {label.strip() for code, label in labels.items() if code not in found}
    if len(others) < 2 or not all(re.fullmatch("[A-Z]{2,3}", label) for label in others) or others & YES_NO:
        return found
    return {code: kind for code, kind in found.items() if _letters(_bare(labels[code])) not in known.ABBREVIATIONS}


YES_NO = {"YES", "NO", "SI", "OUI", "NON", "JA", "TAK", "NIE"}
"""Labels that are as short as the codes of countries and no codes."""


def sounds_like(label: str) -> bool:
    """Whether a label that is kept as an answer sounds like none, so that a reader should be told its name.

    Example:
        >>> [sounds_like(label) for label in ("Not sure", "Refused all items in set", "Refused", "Somewhat", "Depends")]
        [True, True, False, False, False]
    """
    return outcome(label) is None and _hints(_bare(label))


def _bare(label: str) -> str:
    """The label without codes, marks and what stands in brackets; with that where nothing else is left."""
    text = spoken(label[:LONGEST].strip())
    text = text[found.end() :] if (found := CODE.match(text)) else text
    outside = re.sub(r"\(.*?\)|\[.*?\]|<.*?>|\{.*?\}", " ", text)
    return MARKS.sub(" ", outside if words_of(MARKS.sub(" ", outside)) else text)


def _parts(text: str) -> list[str]:
    return [part for part in JOINED.split(text) if words_of(part)]


def words_of(text: str) -> str:
    """The words of a :func:`spoken` text, one space between them."""
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


def _letters(text: str) -> str:
    return words_of(text).replace(" ", "")


def _kind(text: str) -> int | None:
    """What a phrase means: ``REFUSED``, ``MISSING``, 0 where it is undecided, ``None`` for anything else."""
    if (letters := _letters(text)) in known.ABBREVIATIONS:
        return known.ABBREVIATIONS[letters]
    kinds = ((REFUSALS, REFUSED), (NO_ANSWERS, MISSING), (UNDECIDED, 0))
    return next((kind for phrases, kind in kinds if phrases.fullmatch(words_of(text))), None)


def _hints(text: str) -> bool:
    """Whether it is undecided, begins with a phrase that is no answer, or has a part that is one."""
    words = words_of(text)
    begun = [found.end() for phrases in (REFUSALS, NO_ANSWERS, UNDECIDED) if (found := phrases.match(words))]
    parts = [text, *_parts(text)[1:]]
    return any(words[end : end + 1] in ("", " ") for end in begun) or any(_kind(part) is not None for part in parts)
