"""Personas of a run by the names that a user writes: clusters, respondents, demographic groups, and mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personaspace.persona.groups import demographic_personas, individual_personas
from personaspace.persona.labels import checked_label, labelled
from personaspace.persona.personas import Persona, Personas
from personaspace.runs.fitted import FittedRun
from personaspace.runs.written import numbers_by_name

MIXTURE = "cluster-1=0.7,cluster-2=0.3"


def personas_named(fitted: FittedRun, names: Sequence[str] | None, mixtures: Sequence[str] | None = None) -> Personas:
    """Find personas of a run by name, and mix some of them; all clusters where nothing is named.

    Args:
        fitted: The run.
        names: Clusters, ``respondent-ID``, or ``TRAIT=value``.
        mixtures: Each written such as :data:`MIXTURE`.

    Raises:
        UnknownNameError: There is no persona of that name.
        SettingError: A mixture is not written that way, or its weights are not allowed.
    """
    if not names and not mixtures:
        return fitted.personas
    return Personas(
        [
            *(_persona_named(fitted, name) for name in names or ()),
            *(_mixed(fitted, numbers_by_name(mixture, "mixture", MIXTURE)) for mixture in mixtures or ()),
        ]
    )


def rename_personas(fitted: FittedRun, labels: Mapping[str, str]) -> FittedRun:
    """Give cluster personas of a run labels, which outlast another fit; their names stay as they are.

    Args:
        fitted: The run.
        labels: From a persona's name to its label; an empty one takes the label away, so that one is made again.

    Returns:
        The run with these labels.

    Raises:
        UnknownNameError: There is no persona of a name.
        SettingError: A label is too long, or two personas would be called the same.
        RunError: The run cannot be written.
    """
    personas, given = fitted.personas, dict[str, str]()
    for name, label in labels.items():
        given[name] = checked_label(personas, name, label)
        personas = labelled(personas, given)
    fitted.run.note("personas", {**fitted.run.notes("personas"), **given})
    return FittedRun.load(fitted.run)


def _mixed(fitted: FittedRun, weights: dict[str, float]) -> Persona:
    return Personas([_persona_named(fitted, name) for name in weights]).mix(weights)


def _persona_named(fitted: FittedRun, name: str) -> Persona:
    if name.startswith("respondent-"):
        return individual_personas(fitted.embedder, fitted.split.train)[name]
    trait, equals, _ = name.partition("=")
    if equals:
        return demographic_personas(fitted.embedder, fitted.split.train, trait)[name]
    return fitted.personas[name]
