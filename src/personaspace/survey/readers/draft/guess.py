"""Guess: the role of one column, with the rule that says so."""

from __future__ import annotations

from typing import NamedTuple

from personaspace.survey.readers.labelled_table import Role


class Guess(NamedTuple):
    """The role of one column, with the rule that says so.

    Attributes:
        column: Its name.
        role: One of :data:`~personaspace.survey.readers.labelled_table.ROLES`.
        why: The rule, as the rest of a sentence about the column.
        sure: Whether the rule is hardly ever wrong; a person should look at the others.
    """

    column: str
    role: Role
    why: str
    sure: bool = True
