"""The errors a user can meet: each says what was given, what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 12
MAX_SEED = 2**32 - 1


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
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    shown = ", ".join(names[:SHOWN]) or "none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return UnknownNameError(f"unknown {kind} {given!r}: {hint}Known: {shown}{more}")
