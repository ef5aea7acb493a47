"""Notes: sentences beside a table, each said once for all rows, or metrics, and evaluation sets it holds for."""

from __future__ import annotations


class Notes:
    """Collects what is to be said of rows or metrics on evaluation sets.

    Example:
        >>> notes = Notes()
        >>> for name in ("raw question", "context K=3"):
        ...     notes.add("n/a, a question is too long", name, "held-out answers")
        >>> notes.sentences
        ['raw question, context K=3: n/a, a question is too long (on held-out answers)']
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, dict[str, None]]] = {}

    def add(self, what: str, name: str, at: str = "") -> None:
        """Say something of a row or a metric on an evaluation set, or on all where none is named."""
        self._said.setdefault(what, {}).setdefault(name, {}).update({at: None} if at else {})

    @property
    def sentences(self) -> list[str]:
        """What was said, in the order in which it was said first."""
        found = []
        for what, of_name in self._said.items():
            alike: dict[tuple[str, ...], list[str]] = {}
            for name, sets in of_name.items():
                alike.setdefault(tuple(sets), []).append(name)
            for where, names in alike.items():
                at = f" (on {', '.join(where)})" if where else ""
                found.append(f"{', '.join(names)}: {what}{at}")
        return found
