"""Labels of personas: a few words for people beside the name, which stays the id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from personaspace.errors import SettingError, shown
from personaspace.persona.personas import Personas

LONGEST = 60
"""Characters of a label at the most."""


def labelled(personas: Personas, labels: Mapping[str, str | None], given: bool = False) -> Personas:
    """The same personas under other labels.

    Args:
        personas: Any; those without an entry in ``labels`` keep their label.
        labels: The label of each persona by its name, empty for none; other names are ignored.
        given: Whether a person gave these labels, so that they outlast another fit.

    Example:
        >>> import numpy as np
        >>> from personaspace.persona.personas import Persona
        >>> one = Personas([Persona("cluster-1", "cluster", np.zeros(2, np.float32))])
        >>> labelled(one, {"cluster-1": "The worried"})["cluster-1"].title
        'cluster-1: The worried'
    """
    changed = (
        replace(persona, label=labels[persona.name] or "", label_given=given and bool(labels[persona.name]))
        if persona.name in labels
        else persona
        for persona in personas
    )
    return type(personas)(changed, personas.curve, personas.clusters, personas.notes, personas.mixture)


def checked_label(personas: Personas, name: str, label: str) -> str:
    """A label for one of several personas, on one line.

    Args:
        personas: All of them.
        name: The name of one.
        label: As a user wrote it; empty takes the label away.

    Raises:
        UnknownNameError: There is no persona of that name.
        SettingError: The label is too long, or another persona is called so.
    """
    line = " ".join(label.split())
    if len(line) > LONGEST:
        raise SettingError(f"the label {shown(line)} has {len(line)} characters: give at most {LONGEST}")
    own = personas[name]
    for persona in personas:
        if line and persona is not own and line.casefold() in (persona.name.casefold(), persona.label.casefold()):
            raise SettingError(f"{shown(line)} is what {persona.title!r} is called: give {name!r} another label")
    return line
