"""Personas of a run by the names that a user writes: clusters, respondents, demographic groups, and mixtures."""

from __future__ import annotations

from collections.abc import Sequence

from personaspace.errors import SettingError
from personaspace.persona.groups import demographic_personas, individual_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.runs.fitted import FittedRun


def personas_named(fitted: FittedRun, names: Sequence[str] | None, mixtures: Sequence[str] | None = None) -> Personas:
    """Find personas of a run by name, and mix some of them; all clusters where nothing is named.

    Args:
        fitted: The run.
        names: Clusters, ``respondent-ID``, or ``TRAIT=value``.
        mixtures: Each written such as ``cluster-1=0.7,cluster-2=0.3``.

    Raises:
        UnknownNameError: There is no persona of that name.
        SettingError: A mixture is not written that way, or its weights are not allowed.
    """
    if not names and not mixtures:
        return fitted.personas
    return Personas(
        [
            *(_persona_named(fitted, name) for name in names or ()),
            *(_mixed(fitted, mixture_weights(mixture)) for mixture in mixtures or ()),
        ]
    )


def mixture_weights(mixture: str) -> dict[str, float]:
    """Read the weight of every persona from a written mixture.

    Raises:
        SettingError: It is not written as NAME=WEIGHT,NAME=WEIGHT, or names a persona twice.

    Example:
        >>> mixture_weights("cluster-1=0.7,INCOME=$30,000 or more=0.3")
        {'cluster-1': 0.7, 'INCOME=$30,000 or more': 0.3}
    """
    weights: dict[str, float] = {}
    pending = ""
    for part in mixture.split(","):
        pending = f"{pending},{part}" if pending else part
        name, _, weight = pending.rpartition("=")
        try:
            value = float(weight)
        except ValueError:
            continue  # the comma belonged to a name
        if not name or name.strip() in weights:
            break
        weights[name.strip()], pending = value, ""
    if pending or not weights:
        raise SettingError(
            f"cannot read the mixture {mixture!r} at {pending!r}: write NAME=WEIGHT,NAME=WEIGHT, "
            "every name once and weights as numbers, such as cluster-1=0.7,cluster-2=0.3"
        )
    return weights


def _mixed(fitted: FittedRun, weights: dict[str, float]) -> Persona:
    return Personas([_persona_named(fitted, name) for name in weights]).mix(weights)


def _persona_named(fitted: FittedRun, name: str) -> Persona:
    if name.startswith("respondent-"):
        return individual_personas(fitted.embedder, fitted.split.train)[name]
    trait, equals, _ = name.partition("=")
    if equals:
        return demographic_personas(fitted.embedder, fitted.split.train, trait)[name]
    return fitted.personas[name]
