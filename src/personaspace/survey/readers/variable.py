"""Variable: a column of a labelled table under its codebook, as a question or a trait."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.question import Option, Question, scaled_positions, without_id
from personaspace.survey.readers.codebook import QuestionEntry, TableCodebook, TraitEntry, is_one_of
from personaspace.survey.readers.coding import MISSING, REFUSED, Coding, NumberCoding, plain
from personaspace.survey.readers.labelled_table import Column
from personaspace.survey.readers.non_answers import outcomes, sounds_like
from personaspace.survey.readers.option_order import option_positions, points
from personaspace.survey.scale import Scale

MOST_OPTIONS = 26
"""More codes than this, some of them without a label, are numbers and need a scale."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A column as the file describes it and the codebook corrects it.

    Attributes:
        column: The column.
        entry: What the codebook says of it.
        book: The codebook.
        name: The id of the question or trait; the column's name by default.
    """

    column: Column
    entry: TraitEntry
    book: TableCodebook
    name: str

    @classmethod
    def of(cls, column: Column, entry: TraitEntry, book: TableCodebook, name: str | None = None) -> Variable:
        """The variable of a column."""
        return cls(column, entry, book, name or column.name)

    @cached_property
    def text(self) -> str:
        """What the codebook calls it, else what the file does, else its name."""
        given = self.entry.text or without_id(self.column.text or "", self.column.name) or self.name
        return " ".join(given.split())

    @cached_property
    def labels(self) -> dict[str, str]:
        """From code to label: the codebook's where it gives any, else the file's."""
        given = self.entry.options
        if isinstance(given, dict):
            return {plain(code): text for code, text in given.items()}
        known = _without_codes({code: " ".join(label.split()) for code, label in self.column.labels.items()})
        if given is None or not known:
            return known
        place = {text.casefold(): at for at, text in enumerate(given)}
        if strange := [text for text in given if text.casefold() not in {label.casefold() for label in known.values()}]:
            raise SurveyError(
                f"question {shown(self.name)}: {shown(strange[0])} is none of the file's labels "
                f"({listed(known.values())}): correct it, or give `options` as code: text"
            )
        chosen = {code: label for code, label in known.items() if label.casefold() in place}
        return dict(sorted(chosen.items(), key=lambda item: place[item[1].casefold()]))

    @cached_property
    def codes(self) -> list[str]:
        """The different cells, as plain text."""
        return list(dict.fromkeys(code for cell in self.column.cells.dropna().unique() if (code := plain(cell))))

    @cached_property
    def away(self) -> dict[str, int]:
        """The codes that are no answer: ``REFUSED`` or ``MISSING``."""
        entry, book, found = self.entry, self.book, dict[str, int]()
        given = isinstance(entry.options, dict)
        known = {**self.column.labels, **self.labels}
        by_rule = {} if given else outcomes(known)
        for code in dict.fromkeys([*known, *sorted(self.column.declared), *self.codes]):
            label = known.get(code, code)
            for kind, own, general in (
                (REFUSED, entry.refusals, book.refusals),
                (MISSING, entry.missing, book.missing),
            ):
                listed_as = general if own is None else own
                if is_one_of(listed_as, code, label) or (own is None and by_rule.get(code) == kind):
                    found.setdefault(code, kind)
            if code in self.column.declared and not (given and code in self.labels):
                found.setdefault(code, MISSING)
        for kind, own, general in ((REFUSED, entry.refusals, book.refusals), (MISSING, entry.missing, book.missing)):
            for cell in general if own is None else own:
                found.setdefault(plain(cell), kind)
        return found

    @cached_property
    def points(self) -> dict[str, str]:
        """From code to label, for every option: labelled codes, and the points between them where they are a scale."""
        kept = {code: label for code, label in self.labels.items() if code not in self.away}
        return points(kept, self._unlabelled()) if self.entry.options is None else kept

    def outside(self) -> dict[str, int]:
        """Codes beyond those labelled, such as -99 or 999, with the number of rows that hold them.

        They are no options unless the codebook names them; a point between labelled ones is.
        """
        if self.entry.options is not None or not self.points:
            return {}
        strange = [code for code in self._unlabelled() if code not in self.points]
        cells = self.column.cells.map(plain, na_action="ignore") if strange else self.column.cells
        return {code: int((cells == code).sum()) for code in strange}

    def dubious(self) -> list[str]:
        """Labels of the file that are kept as options and sound like no answer, such as "Not sure"."""
        if self.entry.options is not None or self.entry.missing is not None:
            return []
        return [label for code, label in self.labels.items() if code not in self.away and sounds_like(label)]

    def coding(self) -> Coding | NumberCoding:
        """The coding of the column; :class:`SurveyError` where it makes no question."""
        entry = self.entry if isinstance(self.entry, QuestionEntry) else QuestionEntry()
        if entry.scale is not None:
            return self._on_scale(entry, Scale(**entry.scale.model_dump()))
        if isinstance(entry.options, list) and not self.column.labels:
            question = self._question(entry.options, _by_rank(entry.options), entry)
            return _with_blank(Coding.of(question, (), self._codes_of(REFUSED), self._codes_of(MISSING)), entry)
        if isinstance(entry.options, dict):
            return _with_blank(self._as_given(entry), entry)
        return _with_blank(self._by_labels(entry), entry)

    def trait(self) -> pd.Series:
        """The column as a trait: labels where there are any, in their order, else the cells; missing where no answer.

        Raises:
            SurveyError: A cell is none of the options that the codebook lists.
        """
        cells = self.column.cells.map(plain, na_action="ignore").astype("str")
        folded = {code.casefold() for code in self.away}
        known = cells.mask(cells.str.casefold().isin([*folded, ""]))
        order = [label for code, label in self.labels.items() if code not in self.away]
        if isinstance(self.entry.options, list) and not self.column.labels:
            order = self.entry.options
        if not order:
            return known
        values = known.map(lambda code: self.labels.get(code, code), na_action="ignore")
        more = [value for value in values.dropna().unique() if value not in order]
        if more and self.entry.options is not None:
            raise SurveyError(
                f"trait {shown(self.name)}: {int((values == more[0]).sum())} row(s) hold {shown(more[0])}, which is "
                f"none of its options ({listed(order)}): correct it, or add it to the options or the missing codes"
            )
        return values.astype(pd.CategoricalDtype(list(dict.fromkeys([*order, *sorted(more)]))))

    def _unlabelled(self) -> list[str]:
        return [code for code in self.codes if code not in self.labels and code not in self.away]

    def _codes_of(self, kind: int) -> list[str]:
        return [code for code, what in self.away.items() if what == kind]

    def _on_scale(self, entry: QuestionEntry, scale: Scale) -> NumberCoding:
        if self.entry.options or entry.positions is not None or entry.ordinal is False:
            raise SurveyError(
                f"question {shown(self.name)} has a scale and also options, positions or `ordinal: false`: keep one"
            )
        question = Question.number(self.name, self.text, scale.low, scale.high, scale.points, entry.topic)
        return NumberCoding.of(question, scale, self._codes_of(REFUSED), self._codes_of(MISSING))

    def _as_given(self, entry: QuestionEntry) -> Coding:
        """Options as the codebook lists them by code; codes of one text are one option."""
        texts = list(dict.fromkeys(self.labels.values()))
        question = self._question(texts, _by_rank(texts), entry)
        meaning = {code.casefold(): texts.index(label) for code, label in self.labels.items()}
        for cell, value in [*self.away.items(), *((plain(text), at) for at, text in enumerate(texts))]:
            already = meaning.setdefault(cell.casefold(), value)
            if already != value and min(already, value) < 0:
                raise SurveyError(
                    f"question {shown(self.name)}: {shown(cell)} stands for two things: each option, refusal and "
                    "missing code needs a cell of its own; if a refusal code is an answer here, give the question its "
                    "own `refusals`"
                )
        return Coding(question, meaning)

    def _by_labels(self, entry: QuestionEntry) -> Coding:
        """Options as the file labels them; unlabelled points between labelled ones are options too."""
        outside, given = self.outside(), isinstance(entry.options, list)
        if not self.points or len(outside) > MOST_OPTIONS:
            raise SurveyError(
                f"question {shown(self.name)} has {len(self.codes)} different cells, {len(self._unlabelled())} of them "
                "without a label: give it `options`, or `scale: {low: ..., high: ...}` if they are numbers"
            )
        listed_so = given or all(_number(code) is None for code in self.points)
        codes = list(self.points) if listed_so else sorted(self.points, key=_order)
        texts = list(dict.fromkeys(self.points[code] for code in codes))
        first = [next(code for code in codes if self.points[code] == text) for text in texts]
        places = _by_rank(texts) if entry.ordinal or given else option_positions(texts, first).positions
        question = self._question(texts, places, entry)
        meaning = {code.casefold(): texts.index(self.points[code]) for code in codes}
        outcomes = {code.casefold(): kind for code, kind in self.away.items()}
        return Coding(question, meaning | dict.fromkeys(map(str.casefold, outside), MISSING) | outcomes)

    def _question(self, texts: Sequence[str], places: Sequence[float | None], entry: QuestionEntry) -> Question:
        if len(texts) == 1:
            raise SurveyError(
                f"question {shown(self.name)} has one option, {shown(texts[0])}: complete "
                f"`options`, or if it is a box to tick, write `multiple: {{columns: [{self.name}]}}`"
            )
        if entry.positions is not None and entry.ordinal is False:
            raise SurveyError(f"question {shown(self.name)} has positions and `ordinal: false`: keep one of them")
        if entry.positions is not None and len(entry.positions) != len(texts):
            raise SurveyError(
                f"question {shown(self.name)} has {len(entry.positions)} positions for {len(texts)} options: give one "
                "per option, null for an option outside the scale"
            )
        if entry.positions is not None:
            places = scaled_positions(entry.positions)
        elif entry.ordinal is False:
            places = (None,) * len(texts)
        options = tuple(Option(text, place) for text, place in zip(texts, places, strict=True))
        return Question(self.name, self.text, options, entry.topic)


def _with_blank(coding: Coding, entry: QuestionEntry) -> Coding:
    """The coding in which an empty cell is the option that the codebook says."""
    if entry.blank is None:
        return coding
    texts = [option.text for option in coding.question.options]
    if entry.blank not in texts:
        raise SurveyError(
            f"question {shown(coding.question.id)}: `blank: {entry.blank}` names none of its options ({listed(texts)})"
        )
    return Coding(coding.question, coding.meaning, texts.index(entry.blank))


def _without_codes(labels: dict[str, str]) -> dict[str, str]:
    """Labels without their codes, where every one begins with its own ("1. Yes", "2. No")."""
    bare = {
        code: found[1]
        for code, label in labels.items()
        if (found := re.match(rf"[(\[]?{re.escape(code)}[)\]]?\s*[.:=)-]?\s+(\S.*)", label))
    }
    return bare if len(bare) == len(labels) and len({*bare.values()}) == len({*labels.values()}) else labels


def _by_rank(texts: Sequence[str]) -> tuple[float | None, ...]:
    return scaled_positions(range(len(texts)))


def _number(code: str) -> float | None:
    try:
        return float(code) if "_" not in code else None
    except ValueError:
        return None


def _order(code: str) -> tuple[bool, float, str]:
    """Numbers in their order, then letters."""
    number = _number(code)
    return number is None, number or 0.0, code
