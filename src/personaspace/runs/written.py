"""Numbers and texts by name as a user writes them in arguments, such as a topline, known answers or labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

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


def texts_by_name(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    """Read several arguments NAME=TEXT; a name ends at the first equals sign.

    Args:
        given: As a user wrote them.
        option: The option they were given with, for messages.
        form: How each is written, for messages.

    Raises:
        SettingError: One is not written that way, or two are of one name.

    Example:
        >>> texts_by_name(["trust=Yes", "work=More = better"], "--answer", "QUESTION=OPTION")
        {'trust': 'Yes', 'work': 'More = better'}
    """
    found: dict[str, str] = {}
    for argument in given:
        name, equals, text = argument.partition("=")
        if not equals:
            raise SettingError(f"{option} {shown(argument)}: write {form}")
        if name in found:
            raise SettingError(f"{option} says {shown(found[name])} and {shown(text)} to {shown(name)}: keep one")
        found[name] = text
    return found


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
