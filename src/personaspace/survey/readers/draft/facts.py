"""Facts: what the rules of the draft look at in one column, counted once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from personaspace.survey.readers.coding import plain
from personaspace.survey.readers.draft.lexicon import pattern
from personaspace.survey.readers.folding import folded
from personaspace.survey.readers.labelled_table import Column
from personaspace.survey.readers.non_answers import outcomes

MOST_VALUES = 200
"""Different cells that are kept, the most frequent ones."""

WAVE = re.compile(r"[_.]?(w|wave)\d{1,3}$", re.IGNORECASE)
NAME_BEFORE = re.compile(r"(\S+?)(\.|:| --|)(?: (.*)|)$")
DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3})[-/. ]\d{2,4}|\d{1,2}:\d{2})([ T:].*)?$"
)


@dataclass(frozen=True, eq=False)
class Facts:
    """What the rules look at in one column.

    Attributes:
        column: The column.
        words: Of its name, without capitals, accents and digits; none where the name has spaces.
        core: Its name without the wave at its end.
        text: Its label without the name that stands before it; a name with spaces where the file has no label.
        options: From code to label, without labels that mean no answer.
        away: Codes that the file declares missing, or labels as no answer.
        values: Rows with each cell, as plain text, of the :data:`MOST_VALUES` most frequent ones that are answers.
        distinct: The number of different answers.
        filled: Rows with an answer.
        rows: Of the table.
        numeric: Whether every answer is a number.
        whole: Whether every answer is a whole number.
        low: Smallest answer, NaN unless numeric.
        high: Largest answer, NaN unless numeric.
        mean: Of the answers, NaN unless numeric.
        length: Mean number of characters of the different answers; 0 where numeric.
    """

    column: Column
    words: tuple[str, ...]
    core: str
    text: str
    options: Mapping[str, str]
    away: frozenset[str]
    values: Mapping[str, int]
    distinct: int
    filled: int
    rows: int
    numeric: bool
    whole: bool
    low: float
    high: float
    mean: float
    length: float

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def asks(self) -> bool:
        """Whether its label is long or ends in a question mark: the words of a question, not the name of a variable."""
        return self.text.endswith("?") or len(self.text.split()) > 10

    @property
    def dates(self) -> bool:
        """Whether its cells are dates or times."""
        return not self.numeric and bool(self.values) and all(DATE.match(value) for value in list(self.values)[:50])

    @property
    def grades(self) -> bool:
        """Whether its options grade something, as those of an opinion do."""
        return _grades(tuple(self.options.values()))

    @property
    def unlabelled(self) -> list[str]:
        """Answers that the file has no label for."""
        return [value for value in self.values if value not in self.options]


@lru_cache(maxsize=4096)
def _grades(options: tuple[str, ...]) -> bool:
    return bool(pattern("grades").search(folded(" | ".join(options))))


def facts_of(column: Column) -> Facts:
    """Count what the rules need to know of a column."""
    silent = _outcomes(tuple(column.labels.items()))
    away = silent | column.declared
    options = {code: " ".join(label.split()) for code, label in column.labels.items() if code not in away}
    found, counts = _counted(column.cells)
    numbers = _numbers(found)
    is_number = ~np.isnan(numbers)
    kept = ~(np.isin(numbers, _as_numbers(away)) & is_number)
    if away and not is_number.all():
        kept &= ~pd.Series(found).map(lambda cell: plain(cell) in away).to_numpy(bool)
    found, counts, numbers, is_number = found[kept], counts[kept], numbers[kept], is_number[kept]
    numeric = bool(len(found)) and bool(is_number.all())
    order = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return Facts(
        column=column,
        words=() if _sentence(column.name) else words(column.name),
        core=WAVE.sub("", column.name),
        text=_label(column),
        options=options,
        away=away,
        values={plain(found[at]): int(counts[at]) for at in order},
        distinct=len(found),
        filled=int(counts.sum()),
        rows=len(column.cells),
        numeric=numeric,
        whole=numeric and bool((numbers == np.round(numbers)).all()),
        low=float(numbers.min()) if numeric else np.nan,
        high=float(numbers.max()) if numeric else np.nan,
        mean=float(np.average(numbers, weights=counts)) if numeric else np.nan,
        length=0.0 if numeric or not len(found) else float(pd.Series(found).astype("str").str.len().mean()),
    )


def words(text: str) -> tuple[str, ...]:
    """The words of a name or label, without capitals, accents and digits.

    Example:
        >>> words("F_AgeCat2"), words("Pondération")
        (('f', 'age', 'cat'), ('ponderation',))
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return tuple(re.findall(r"[^\W\d_]+", folded(split)))


def letters(text: str) -> str:
    """The letters and digits of a text, without capitals and accents."""
    return re.sub(r"[\W_]+", "", folded(text))


def _label(column: Column) -> str:
    """The label without the variable's name before it ("TRUST. How much ..."), which many institutes write there."""
    text, own = " ".join((column.text or "").split()), letters(column.name)
    if not text and _sentence(column.name):
        return " ".join(column.name.split())
    if found := NAME_BEFORE.match(text):
        before, mark, rest = letters(found[1]), found[2], found[3] or ""
        if (before == own and re.search(r"[\d_]", column.name)) or (
            before and mark and (before in own or before.startswith(own))
        ):
            text = rest
    return "" if letters(text) == own else text


def _sentence(name: str) -> bool:
    """Whether a column is called by its question or label, as in files of web forms."""
    return " " in name.strip()


def _counted(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The different cells that hold anything, and the rows with each."""
    codes, found = pd.factorize(cells)
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    values = np.asarray(found)
    if values.dtype.kind not in "biuf":
        blank = np.fromiter((isinstance(cell, str) and not cell.strip() for cell in values), bool, len(values))
        values, counts = values[~blank], counts[~blank]
    return values, counts


def _numbers(found: np.ndarray) -> np.ndarray:
    if found.dtype.kind in "biuf":
        return found.astype(np.float64)
    return pd.to_numeric(pd.Series(found, dtype=object), errors="coerce").to_numpy(np.float64)


def _as_numbers(codes: Iterable[str]) -> list[float]:
    return [float(code) for code in codes if re.fullmatch(r"-?\d+(\.\d+)?", code)]


@lru_cache(maxsize=4096)
def _outcomes(labels: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """The codes whose labels mean no answer."""
    return frozenset(outcomes(dict(labels)))
