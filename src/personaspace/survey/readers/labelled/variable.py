"""Variable: a column of a labelled file with its codes and labels, as a question or a trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from personaspace.survey.question import Option, Question, scaled_positions
from personaspace.survey.readers.coding import MISSING, REFUSED, Coding, NumberCoding, plain
from personaspace.survey.readers.labelled.codebook import LabelledCodebook, LabelledQuestion
from personaspace.survey.readers.non_answers import outcome

MOST_OPTIONS = 26
"""More codes than this, some of them without a label, are numbers and need a scale."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable as the file describes it.

    Attributes:
        name: The variable's name.
        text: Its label, or its name.
        labels: From code (as :func:`plain` text) to value label.
        cells: Its column.
        declared: Codes that the file declares missing.
    """

    name: str
    text: str
    labels: Mapping[str, str]
    cells: pd.Series
    declared: frozenset[str]

    @classmethod
    def of(cls, name: str, cells: pd.Series, file: Any) -> Variable:
        """The variable of this name in a file read by pyreadstat with ``user_missing=True``."""
        labels = {plain(code): str(label) for code, label in file.variable_value_labels.get(name, {}).items()}
        found = {plain(cell): cell for cell in cells.dropna().unique()}
        codes = {**{plain(code): code for code in file.variable_value_labels.get(name, {})}, **found}
        declared = [code for code, cell in codes.items() if _within(cell, file.missing_ranges.get(name, []))]
        declared += [plain(code) for code in file.missing_user_values.get(name, [])]
        text = " ".join(str(file.column_names_to_labels.get(name) or name).split())
        return cls(name, text, labels, cells, frozenset(declared))

    def outcomes(self, book: LabelledCodebook, entry: LabelledQuestion | None = None) -> dict[str, int]:
        """The codes that are no answer: ``REFUSED`` or ``MISSING``."""
        entry = entry or LabelledQuestion()
        found: dict[str, int] = {}
        for code in {*self.labels, *self.declared, *self._codes()}:
            label = self.labels.get(code, code)
            for kind, own, general in (
                (REFUSED, entry.refusals, book.refusals),
                (MISSING, entry.missing, book.missing),
            ):
                listed = {plain(name).casefold() for name in (general if own is None else own)}
                if {code.casefold(), plain(label).casefold()} & listed or (own is None and outcome(label) == kind):
                    found.setdefault(code, kind)
            if code in self.declared:
                found.setdefault(code, MISSING)
        return found

    def coding(self, book: LabelledCodebook) -> Coding | NumberCoding | None:
        """The coding of the column, or ``None`` where it makes no question without a scale."""
        entry = book.entry(self.name)
        text, away = entry.text or self.text, self.outcomes(book, entry)
        if entry.scale is not None:
            question = Question.number(self.name, text, **entry.scale.model_dump(), topic=entry.topic)
            kinds = ([code for code, kind in away.items() if kind == wanted] for wanted in (REFUSED, MISSING))
            return NumberCoding.of(question, question.scale, *kinds) if question.scale else None
        codes = [code for code in {**self.labels, **dict.fromkeys(self._codes())} if code not in away and code]
        unlabelled = [code for code in codes if code not in self.labels]
        if len(unlabelled) == len(codes) or (unlabelled and len(codes) > MOST_OPTIONS):
            return None
        return self._choice(text, sorted(codes, key=_order), away, entry)

    def _choice(self, text: str, codes: Sequence[str], away: dict[str, int], entry: LabelledQuestion) -> Coding | None:
        """Codes of one label are one option."""
        label_of = {code: " ".join(self.labels.get(code, "").split()) or code for code in codes}
        texts = list(dict.fromkeys(label_of.values()))
        if len(texts) < 2:
            return None
        places = scaled_positions(range(len(texts))) if entry.ordinal else (None,) * len(texts)
        options = tuple(Option(label, place) for label, place in zip(texts, places, strict=True))
        meaning = {code.casefold(): texts.index(label_of[code]) for code in codes}
        outcomes = {code.casefold(): kind for code, kind in away.items()}
        return Coding(Question(self.name, text, options, entry.topic), meaning | outcomes)

    def trait(self, book: LabelledCodebook) -> pd.Series:
        """Value labels where there are any, else the values; missing where refused or missing."""
        away = self.outcomes(book)
        known = self.cells.map(plain, na_action="ignore").astype("str")
        return known.mask(known.isin([*away, ""])).map(lambda code: self.labels.get(code, code), na_action="ignore")

    def _codes(self) -> list[str]:
        return [plain(cell) for cell in self.cells.dropna().unique()]


def _within(cell: Any, ranges: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a code lies in one of the ranges declared missing."""
    return any(
        part["lo"] <= cell <= part["hi"] for part in ranges if isinstance(part["lo"], str) == isinstance(cell, str)
    )


def _order(code: str) -> tuple[bool, float, str]:
    """Numbers in their order, then letters."""
    try:
        return False, float(code), code
    except ValueError:
        return True, 0.0, code
