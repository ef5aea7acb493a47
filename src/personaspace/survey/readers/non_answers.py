"""Recognize value labels that mean a refusal ("Refused") or no answer ("Don't know")."""

from __future__ import annotations

import re

from personaspace.survey.readers.coding import MISSING, REFUSED

REFUSALS = frozenset(
    ["refused", "refuse", "refusal", "ref", "rf", "no answer", "declined", "web blank", "prefer not to say",
     "prefer not to answer", "rather not say"]
)  # fmt: skip
NO_ANSWERS = frozenset(
    ["don't know", "dont know", "do not know", "dk", "missing", "not asked", "inapplicable", "not applicable", "iap",
     "skipped", "no lean", "system missing"]
)  # fmt: skip


def outcome(label: str) -> int | None:
    """Whether a value label means a refusal, no answer or an answer.

    A label counts as a whole, or in parts joined by "/", "or" and "and", each of which must be known; a label that
    merely contains such a word is an answer.

    Args:
        label: As the file has it.

    Returns:
        ``REFUSED`` where any part says so, ``MISSING`` for don't know, not asked and the like, ``None`` for an answer.

    Example:
        >>> [outcome(label) for label in ("(VOL) Don't know/Refused", "Not applicable", "They refused to pay")]
        [-1, -2, None]
    """
    text = re.sub(r"\(.*?\)", " ", label.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    parts = [" ".join(part.strip(" .-").split()) for part in re.split(r"/|\bor\b|\band\b", text)]
    if not parts or not all(part in REFUSALS or part in NO_ANSWERS for part in parts):
        return None
    return REFUSED if any(part in REFUSALS for part in parts) else MISSING
