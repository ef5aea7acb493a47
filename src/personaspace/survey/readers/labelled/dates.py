"""Dates and times of SPSS and Stata as text: "1990-05-19", "1990-05-19 08:30:00", "08:30:00", "1990-05"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

SPSS_DAY_ZERO = datetime(1582, 10, 14)
STATA_DAY_ZERO = datetime(1960, 1, 1)


def date_text(format_name: str) -> Callable[[float], str | None] | None:
    """What turns numbers of a variable into text, ``None`` where its format is no date or time.

    Args:
        format_name: As the file has it, such as ``"DATE11"``, ``"TIME8"`` or ``"%td"``.

    Returns:
        A function of a number that gives ``None`` for one that is no date between the years 1 and 9999.

    Example:
        >>> born = date_text("DATE11")
        >>> born(12862454400.0), born(1e15)
        ('1990-05-19', None)
    """
    if format_name.startswith("%"):
        return _stata(format_name)
    return _spss(format_name.upper().rstrip(".0123456789"))


def _spss(kind: str) -> Callable[[float], str | None] | None:
    """Seconds since the Gregorian calendar began."""
    if kind in ("TIME", "DTIME", "MTIME"):
        return _clock
    shapes = {
        **dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "WKYR"), _day),
        **dict.fromkeys(("DATETIME", "YMDHMS"), _moment),
        "MOYR": lambda at: f"{at.year:04}-{at.month:02}",
        "QYR": lambda at: f"{at.year:04}-Q{(at.month + 2) // 3}",
    }
    return _after(SPSS_DAY_ZERO, 1, shapes[kind]) if kind in shapes else None


def _stata(name: str) -> Callable[[float], str | None] | None:
    """Days, milliseconds, weeks, months, quarters or half years since 1960."""
    found = re.match(r"%-?(?:t?(?P<day>d)|t(?P<other>[cCwmqh]))", name)
    kind = found and (found["day"] or found["other"])
    if kind in ("d", "c", "C"):
        return _after(STATA_DAY_ZERO, 86400 if kind == "d" else 0.001, _day if kind == "d" else _moment)
    parts = {"w": (52, "W"), "m": (12, ""), "q": (4, "Q"), "h": (2, "H")}
    return _part_of_year(*parts[kind]) if kind else None


def _after(zero: datetime, seconds: float, shape: Callable[[datetime], str]) -> Callable[[float], str | None]:
    def text(number: float) -> str | None:
        try:
            return shape(zero + timedelta(seconds=number * seconds))
        except (OverflowError, ValueError):
            return None

    return text


def _part_of_year(parts: int, letter: str) -> Callable[[float], str | None]:
    def text(number: float) -> str | None:
        year, part = divmod(number, parts)
        digits = 2 if parts > 9 else 1
        return f"{int(1960 + year):04}-{letter}{int(part) + 1:0{digits}}" if 1 <= 1960 + year <= 9999 else None

    return text


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _moment(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="milliseconds" if at.microsecond else "seconds")


def _clock(number: float) -> str | None:
    """Hours, minutes and seconds; hours may be more than a day has."""
    if not abs(number) < 1e9:
        return None
    whole, sign = abs(number), "-" if number < 0 else ""
    minutes, seconds = divmod(whole, 60)
    shown = f"{seconds:02.0f}" if seconds == int(seconds) else f"{seconds:06.3f}"
    return f"{sign}{int(minutes // 60):02}:{int(minutes % 60):02}:{shown}"
