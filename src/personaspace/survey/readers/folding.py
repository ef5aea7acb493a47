"""Texts as they are compared: without capitals and accents."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=2**14)
def folded(text: str) -> str:
    """A text without capitals and accents.

    Example:
        >>> folded("Pondération"), folded("Łódź")
        ('ponderation', 'lodz')
    """
    apart = unicodedata.normalize("NFKD", text.casefold().replace("\N{LATIN SMALL LETTER L WITH STROKE}", "l"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
