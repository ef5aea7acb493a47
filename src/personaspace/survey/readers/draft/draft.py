"""Draft: guess the codebook of a table by rules, with the reason for every guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from personaspace.survey.readers.draft.content import Content, content_of
from personaspace.survey.readers.draft.facts import Facts, facts_of
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.roles import guessed
from personaspace.survey.readers.draft.yaml_text import yaml_text
from personaspace.survey.readers.labelled_table import LabelledTable


@dataclass(frozen=True, eq=False)
class Draft:
    """A codebook guessed from a table.

    Attributes:
        guesses: The role of every column, in the file's order, each with the rule that says so.
        content: The codebook, in the grammar in which a person would write it.
        title: What was read, in a sentence.
        facts: What the rules looked at, by column.
    """

    guesses: tuple[Guess, ...]
    content: Content
    title: str
    facts: Mapping[str, Facts] = field(repr=False)

    def to_yaml(self) -> str:
        """The codebook as YAML with the reason beside every column, to be read and edited."""
        return yaml_text(self.title, self.content, self.facts, self.guesses)


def draft(table: LabelledTable) -> Draft:
    """Guess the codebook of a table: what every column is for, and what the cells mean.

    What the file itself says of a column holds. The rest is guessed by rules over names, labels, options and cells, the
    first that fits, in this order: checkboxes, respondent id, weight, administrative, demographics, derived, free text,
    numbers, and questions for what remains; then recodes are sought among the questions.

    Args:
        table: Any; all rows are counted, recodes are sought in
            :data:`~personaspace.survey.readers.draft.dependency.ROWS` of them and checked in all.

    Returns:
        A guess for every column; those that are not sure should be looked at by a person.

    Example:
        >>> import pandas as pd
        >>> from pathlib import Path
        >>> from personaspace.survey.readers.labelled_table import Column
        >>> cells = {"respid": range(101, 131), "sex": ["Male", "Female"] * 15, "trust": [1, 2, 3] * 10}
        >>> columns = {name: Column(name, pd.Series(list(values))) for name, values in cells.items()}
        >>> drafted = draft(LabelledTable(Path("survey.csv"), columns))
        >>> [(guess.column, guess.role) for guess in drafted.guesses]
        [('respid', 'respondent'), ('sex', 'trait'), ('trust', 'question')]
        >>> drafted.content["questions"]
        {'trust': {'options': {'1': '1', '2': '2', '3': '3'}}}
    """
    facts = [facts_of(column) for column in table.columns.values()]
    guesses, groups = guessed(facts)
    by_name = {one.name: one for one in facts}
    title = f"Codebook of {table.path.name}: {len(table)} rows, {len(facts)} columns."
    return Draft(tuple(guesses), content_of(by_name, guesses, groups), title, by_name)
