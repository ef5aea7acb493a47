"""Read the crosstabs of many questions: how often each group chose each option."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from personaspace.errors import PersonaSpaceError, SurveyError, first_fault, shown
from personaspace.newquestions.evidence_files import read_table
from personaspace.survey.question import Option, Question

COLUMNS = ("wave", "key", "question", "options", "trait", "group", "counts")
REFUSED = "Refused"
"""The option of those who refused to answer, and the group of those who refused to say theirs."""

_TEXTS, _COUNTS = TypeAdapter(list[str]), TypeAdapter(list[int])


@dataclass(frozen=True, eq=False)
class Crosstab:
    """How often each group of people chose each option of a question.

    Attributes:
        question: The question; its id is the published key.
        table: Counts of people; a row per group, indexed by trait and group, and a column per option.
        refusals: Counts of those who refused to answer, by trait and group.
    """

    question: Question
    table: pd.DataFrame
    refusals: pd.Series[int]


def read_crosstabs(path: str | Path) -> list[Crosstab]:
    """Read published crosstabs, such as those of the OpinionQA waves whose answers were not published.

    The groups of those who refused to say theirs, and groups in which nobody answered, are left out. So is a question
    with an option twice, or one that nobody in any group chose: its options were cut where the file was made.

    Args:
        path: A CSV file, plain or gzipped, with a row per question and group and the columns ``wave``, ``key``,
            ``question``, ``options``, ``trait``, ``group`` and ``counts``. ``options`` and ``counts`` are JSON lists of
            one length; the option ``"Refused"`` stands for refusals.

    Returns:
        One per question, in the file's order. ``asked.crosstab(one.table)`` takes its table.

    Warns:
        UserWarning: Questions were left out; it says how many.

    Raises:
        SurveyError: It is no such file, or a row breaks its form; the message names the row.

    Example:
        >>> rows = ["wave,key,question,options,trait,group,counts"]
        >>> rows += [f'W1,TEA,Tea?,"[""Yes"", ""No"", ""Refused""]",sex,{group},"[3, 1, 0]"' for group in ("f", "m")]
        >>> path = getfixture("tmp_path") / "crosstabs.csv"  # in your code: a published file
        >>> _ = path.write_text(chr(10).join(rows))
        >>> read_crosstabs(path)[0].table.loc[("sex", "f")].to_dict()
        {'Yes': 3, 'No': 1}
    """
    table = read_table(path, COLUMNS)
    cells = (dict(zip(COLUMNS, row, strict=True)) for row in table[list(COLUMNS)].itertuples(index=False, name=None))
    rows = {place: _Row.read(path, place, row) for place, row in enumerate(cells, start=1)}
    questions: dict[tuple[str, str], dict[int, _Row]] = {}
    for place, row in rows.items():
        questions.setdefault((row.wave, row.key), {})[place] = row
    found = [_crosstab(path, group) for group in questions.values()]
    if cut := [key for (_, key), one in zip(questions, found, strict=True) if one is None]:
        warnings.warn(
            f"{path}: {len(cut)} of {len(found)} question(s) left out, first {shown(cut[0])}: they have an option "
            "twice, or one that nobody chose, as where its text was cut",
            stacklevel=2,
        )
    return [one for one in found if one is not None]


@dataclass(frozen=True)
class _Row:
    wave: str
    key: str
    text: str
    options: tuple[str, ...]
    group: tuple[str, str]
    counts: tuple[int, ...]

    @classmethod
    def read(cls, path: str | Path, place: int, row: dict[str, str]) -> _Row:
        try:
            options = tuple(_TEXTS.validate_python(json.loads(row["options"])))
            counts = tuple(_COUNTS.validate_python(json.loads(row["counts"]), strict=True))
        except (ValueError, RecursionError, ValidationError) as error:
            raise SurveyError(
                f"{path}: row {place}: options and counts are JSON lists of texts and of numbers: {first_fault(error)}"
            ) from error
        if len(options) != len(counts) or min(counts, default=0) < 0:
            raise SurveyError(
                f"{path}: row {place} has {len(counts)} count(s) of {len(options)} option(s): give one each, 0 or more"
            )
        group = row["trait"], row["group"]
        if empty := [name for name in ("key", "question", "trait", "group") if not row[name]]:
            raise SurveyError(f"{path}: row {place} has no {empty[0]}: fill it in")
        return cls(row["wave"], row["key"], row["question"], options, group, counts)


def _crosstab(path: str | Path, rows: dict[int, _Row]) -> Crosstab | None:
    """The crosstab of one question's rows; ``None`` where its options were cut."""
    first = next(iter(rows.values()))
    groups: set[tuple[str, str]] = set()
    for place, row in rows.items():
        if (row.text, row.options) != (first.text, first.options):
            raise SurveyError(f"{path}: row {place} gives {shown(row.key)} another text or other options than before")
        if row.group in groups:
            raise SurveyError(f"{path}: row {place} gives {shown(row.key)} by {shown('='.join(row.group))} again")
        groups.add(row.group)
    index = pd.MultiIndex.from_tuples([row.group for row in rows.values()], names=["trait", "group"])
    counts = pd.DataFrame([row.counts for row in rows.values()], index, pd.Index(first.options, name="option"))
    options = [option for option in first.options if option != REFUSED]
    given = counts[list(dict.fromkeys(options))]
    if len(set(options)) < len(options) or not (given.sum() > 0).all():
        return None
    kept = (given.sum(axis=1) > 0) & (counts.index.get_level_values("group") != REFUSED)
    refusals = counts.loc[kept, REFUSED] if REFUSED in counts else pd.Series(0, counts.index[kept])
    try:
        question = Question(first.key, first.text, tuple(Option(option) for option in options))
    except PersonaSpaceError as error:
        raise SurveyError(f"{path}: row {next(iter(rows))}: {error}") from error
    return Crosstab(question, given[kept], refusals.rename("refusals"))
