"""The errors a user can meet: each says what was given, what is allowed and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SHOWN = 12
MAX_SEED = 2**32 - 1
LONGEST_NAME = 200  # compared with those known


class PersonaSpaceError(Exception):
    """Base of every error raised on purpose; the command line prints it as one line."""


class SurveyError(PersonaSpaceError, ValueError):
    """The survey, its codebook or its answers do not fit together."""


class SettingError(PersonaSpaceError, ValueError):
    """A setting has a value that is not allowed."""


class UnknownNameError(PersonaSpaceError, LookupError):
    """A name (of an embedder, model, persona, respondent, question) is not known."""


class RunError(PersonaSpaceError, OSError):
    """A run folder is missing, foreign, corrupt or cannot be written."""


class ModelError(PersonaSpaceError, RuntimeError):
    """The language model cannot be used this way."""


class ServerError(PersonaSpaceError, ConnectionError):
    """A server cannot be reached, refuses, or does not answer as it should.

    Args:
        message: What happened and what to do.
        passing: Whether the same request may succeed a little later.
    """

    def __init__(self, message: str, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


def shown(text: object, most: int = 60) -> str:
    r"""Quote a text from outside for a message: in one line, control characters escaped, cut where it is long.

    Example:
        >>> shown("Very\noften"), shown("ab" * 50, most=4)
        ("'Very\\noften'", "'abab' …")
    """
    whole = str(text)
    return repr(whole) if len(whole) <= most else f"{whole[:most]!r} …"


def escaped(text: str, most: int) -> str:
    """A text from outside without quotes, cut where it is long; see :func:`printable`."""
    safe = printable(text[:most])
    return safe if len(text) <= most else f"{safe} …"


UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that change a terminal, or the direction or lines of text there: C0, C1, bidirectional, surrogates."""


def printable(text: object, lines: bool = False) -> str:
    r"""A text from outside as it may be written to a terminal: control characters are escaped.

    Args:
        text: Any text.
        lines: Whether line breaks and tabs may stay.

    Example:
        >>> printable("a\x1b[2J"), printable("a\nb"), printable("a\nb", lines=True)
        ('a\\x1b[2J', 'a\\nb', 'a\nb')
    """
    return UNSAFE.sub(lambda found: found[0] if lines and found[0] in "\n\t" else repr(found[0])[1:-1], str(text))


def one_line(text: object, most: int = 500) -> str:
    r"""A message as one line for a terminal, the middle left out where it is long; see :func:`printable`.

    Example:
        >>> one_line("two\nlines"), one_line("ab" * 50, most=9)
        ('two lines', 'aba … bab')
    """
    line = printable(" ".join(str(text).split()))
    half = (most - 3) // 2
    return line if len(line) <= most else f"{line[:half]} … {line[-half:]}"


def listed(texts: Iterable[object], most: int = SHOWN) -> str:
    """Quote the first texts of several for a message; see :func:`shown`.

    Example:
        >>> listed(["Yes", "No", "Not sure"], most=2)
        "'Yes', 'No' and 1 more"
    """
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(shown(text, most=30) for text in every[:most]) + more


def first_fault(error: Exception) -> str:
    """Where content broke its schema and how, of a pydantic ``ValidationError``; what any other error says.

    Example:
        >>> from pydantic import TypeAdapter, ValidationError
        >>> try:
        ...     TypeAdapter(dict[str, int]).validate_python({"k": "many"})
        ... except ValidationError as error:
        ...     first_fault(error)
        'at k: input should be a valid integer, unable to parse string as an integer'
    """
    if isinstance(error, RecursionError | MemoryError):
        return "it is nested too deeply"
    if not hasattr(error, "errors"):
        return escaped(" ".join(str(error).split()), most=200) or type(error).__name__
    first, *others = error.errors(include_input=False, include_url=False)
    where = ".".join(escaped(str(part), most=40) for part in first["loc"] if "[" not in str(part)) or "its content"
    more = f" (and {len(others)} more)" if others else ""
    message = escaped(first["msg"].removeprefix("Value error, "), most=300)
    return f"at {where}: {message[:1].lower()}{message[1:]}{more}"


def unknown(kind: str, given: str, known: Iterable[str]) -> UnknownNameError:
    """Build the error for an unknown name, with the nearest known ones.

    Args:
        kind: What the name stands for, such as ``"embedder"``.
        given: The name as the user wrote it.
        known: Every name that would have been accepted.

    Returns:
        The error, ready to be raised.

    Example:
        >>> str(unknown("embedder", "lightgnc", ["lightgcn", "factorization"]))
        "unknown embedder 'lightgnc': did you mean 'lightgcn'? Known: factorization, lightgcn"
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(given)[:LONGEST_NAME], names, n=1)
    hint = f"did you mean {shown(near[0])}? " if near else ""
    some = ", ".join(escaped(name, most=30) for name in names[:SHOWN]) or "none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return UnknownNameError(f"unknown {kind} {shown(given)}: {hint}Known: {some}{more}")
