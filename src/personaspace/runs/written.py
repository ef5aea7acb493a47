"""Numbers by name as a user writes them in one argument, such as the weights of a mixture or a topline."""

from __future__ import annotations

from collections.abc import Callable, Collection

from personaspace.errors import SettingError, shown


def numbers_by_name(text: str, what: str, example: str, known: Collection[str] = ()) -> dict[str, float]:
    """Read NAME=NUMBER,NAME=NUMBER, where names may hold commas and equals signs.

    Args:
        text: As a user wrote it.
        what: What it is, for the message.
        example: How it may be written, for the message.
        known: Names that there are; where given, a name ends only where it is one of them, if it can be read so.

    Raises:
        SettingError: It is not written that way, or has a name twice.

    Example:
        >>> numbers_by_name("Yes=38,Yes, a=1, b=62", "topline", "Yes=38,No=62", ["Yes", "Yes, a=1, b"])
        {'Yes': 38.0, 'Yes, a=1, b': 62.0}
        >>> numbers_by_name("cluster-1=0.7,INCOME=$30,000 or more=0.3", "mixture", "cluster-1=0.7,cluster-2=0.3")
        {'cluster-1': 0.7, 'INCOME=$30,000 or more': 0.3}
    """
    if known and not (found := _read(text, lambda name: name in known))[1]:
        return found[0]
    numbers, pending = _read(text, bool)
    if pending or not numbers:
        raise SettingError(
            f"cannot read the {what} {shown(text)} at {shown(pending)}: write NAME=NUMBER,NAME=NUMBER, every name "
            f"once, such as {example}"
        )
    return numbers


def _read(text: str, is_name: Callable[[str], bool]) -> tuple[dict[str, float], str]:
    """The numbers read, and what could not be read; a name twice cannot."""
    numbers: dict[str, float] = {}
    pending = ""
    for part in text.split(","):
        pending = f"{pending},{part}" if pending else part
        name, _, written = pending.rpartition("=")
        try:
            number = float(written)
        except ValueError:
            continue  # the comma belonged to a name
        if is_name(name.strip()):
            if name.strip() in numbers:
                break
            numbers[name.strip()], pending = number, ""
        elif not name.strip():
            break
    return numbers, pending
