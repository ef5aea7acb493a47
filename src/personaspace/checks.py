"""Checks of settings: whole numbers, numbers and strings of the right type and within what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real

from personaspace.errors import SettingError, shown


def check_whole(name: str, value: object, least: int, most: float = math.inf) -> int:
    """The value as an int; :class:`SettingError` unless it is a whole number from ``least`` to ``most``."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= most:
        raise _refused(name, value, f"a whole number {_range(least, most)}")
    return int(value)


def check_wholes(name: str, values: object, least: int) -> list[int]:
    """The values as ints; :class:`SettingError` unless they are several whole numbers from ``least`` up."""
    if not isinstance(values, Iterable) or isinstance(values, str | bytes):
        raise _refused(name, values, f"a list of whole numbers, such as [{least + 3}, {least + 5}]")
    return [check_whole(f"each of {name}", value, least) for value in values]


def check_number(
    name: str, value: object, least: float, most: float = math.inf, *, above: bool = False, below: bool = False
) -> float:
    """The value as a float; :class:`SettingError` unless it is a finite number from ``least`` to ``most``.

    Args:
        name: Of the setting.
        value: As given.
        least: The lowest number allowed.
        most: The highest number allowed.
        above: Whether ``least`` itself is not allowed.
        below: Whether ``most`` itself is not allowed.
    """
    good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most or (above and value == least) or (below and value == most):  # type: ignore[operator]
        raise _refused(name, value, f"a number {_range(least, most, above, below)}")
    return float(value)  # type: ignore[arg-type]


def check_flag(name: str, value: object) -> bool:
    """The value; :class:`SettingError` unless it is True or False."""
    if not isinstance(value, bool):
        raise _refused(name, value, "True or False")
    return value


def check_text(name: str, value: object) -> str:
    """The value; :class:`SettingError` unless it is a string."""
    if not isinstance(value, str):
        raise _refused(name, value, "a string")
    return value


def _range(least: float, most: float, above: bool = False, below: bool = False) -> str:
    low = f"above {least:g}" if above else "" if least == -math.inf else f"from {least:g}"
    high = "" if most == math.inf else f"{most:.10g}"
    if above or not low:
        until = "below" if below else "at most"
        return ", ".join(part for part in (low, high and f"{until} {high}") if part) or "that is finite"
    until = "to below" if below else "to"
    return f"{low} {until} {high}" if high else f"{low} up"


def _refused(name: str, value: object, allowed: str) -> SettingError:
    given = shown(value) if isinstance(value, str) else shown(value).strip("'")
    return SettingError(f"{name} is {given}: give {allowed}")
