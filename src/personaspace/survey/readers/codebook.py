"""The codebook of a table, one grammar for every format: the role of each column and the meaning of its cells."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from personaspace.errors import SurveyError, shown
from personaspace.survey.question import check_characters
from personaspace.survey.readers.coding import plain


def _text(value: object) -> object:
    """Numbers as text; any other value is left for the validation to reject."""
    if isinstance(value, str):
        check_characters("it", value)
    return str(value) if isinstance(value, int | float) else value


def _named(value: object) -> object:
    """A list of names as a mapping from name to an empty entry; an entry that is null is empty too."""
    if isinstance(value, list | tuple):
        return {name if isinstance(name, str | int | float) else str(name): {} for name in value}
    return {name: {} if entry is None else entry for name, entry in value.items()} if isinstance(value, dict) else value


def _cell(value: object) -> object:
    """A cell as text; the empty one is named by ``blank``."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("an empty cell is no code: say what it means with `blank: OPTION`")
    return _text(value)


def _options(value: object) -> object:
    """Options as given; an empty cell is no code among them."""
    if isinstance(value, dict) and any(isinstance(code, str) and not code.strip() for code in value):
        raise ValueError("an empty cell is no code: say what it means with `blank: OPTION`")
    return value


Text = Annotated[str, BeforeValidator(_text)]
Cell = Annotated[str, BeforeValidator(_cell)]
STRICT = ConfigDict(extra="forbid", frozen=True)


class ScaleEntry(BaseModel):
    """The scale of a question answered with a number: its ends, and how many points stand for it."""

    model_config = STRICT

    low: FiniteFloat
    high: FiniteFloat
    points: int = 21


class TraitEntry(BaseModel):
    """What the codebook says of a trait, or of a question, beyond its name.

    Attributes:
        text: What it is called; replaces the file's label.
        options: Texts in order, or code -> text; codes of one text are one option. The file's labels if not given.
        refusals: Cells or labels that mean the respondent refused; replaces the codebook's and those recognized.
        missing: Cells or labels that mean there is no answer; replaces the codebook's and those recognized.
    """

    model_config = STRICT

    text: Text | None = None
    options: Annotated[list[Text] | dict[Text, Text] | None, BeforeValidator(_options)] = None
    refusals: list[Cell] | None = None
    missing: list[Cell] | None = None


class Multiple(BaseModel):
    """Boxes to tick, any number of them: a column for each, or one column that lists those ticked.

    Attributes:
        columns: The columns, or column -> what its box stands for; the file's labels if not given.
        column: In place of ``columns``, the one column that lists the boxes ticked.
        separator: What stands between the boxes in that column.
        options: The boxes in that column.
        selected: Cells that mean ticked, beside 1, "Yes", "Selected" and the like and the box's own text.
        not_selected: Cells that mean not ticked, beside 0, "No", "Not selected" and the like.
        blank: What it means where a respondent ticked no box at all; where one is ticked, the others are not.
    """

    model_config = STRICT

    columns: Annotated[dict[Text, Text | None], BeforeValidator(lambda value: _boxes(value))] = {}
    column: Text | None = None
    separator: Annotated[str, Field(min_length=1, max_length=5)] = ","
    options: list[Text] = []
    selected: list[Cell] = []
    not_selected: list[Cell] = []
    blank: Literal["missing", "not selected"] = "missing"


class QuestionEntry(TraitEntry):
    """What the codebook says of a question, beyond its name.

    Attributes:
        scale: In place of options, the scale of a question answered with a number.
        positions: Places of the options on any scale, null where an option has none.
        ordinal: Whether the options have an order. Options listed here have, unless this says false; options that are
            the file's labels have it by rule (:mod:`personaspace.survey.readers.option_order`).
        topic: What the question is about.
        blank: The option that an empty cell stands for.
        multiple: The boxes of a "tick all that apply", each of which becomes a question.
    """

    scale: ScaleEntry | None = None
    positions: list[FiniteFloat | None] | None = None
    ordinal: bool | None = None
    topic: Text | None = None
    blank: Text | None = None
    multiple: Multiple | None = None


class TableCodebook(BaseModel):
    """The content of a table, column by column.

    Attributes:
        respondent: Column of respondent ids; the rows are numbered from 1 without one.
        layout: ``wide``: a row per respondent, a column per question; ``long``: a row per answer.
        question_column: In a long table, the column of question ids.
        answer_column: In a long table, the column of answers.
        weight: Column of weights, if any.
        traits: Columns of traits.
        leave_out: Columns that are nothing of these; ``*`` stands for any characters.
        refusals: Cells or labels that mean the respondent refused, beside those recognized.
        missing: Cells or labels that mean there is no answer, beside empty cells and those recognized.
        encoding: How the characters of a text file, or of an old SPSS file, are written.
        delimiter: The character between the columns of a text file.
        sheet: The sheet of a workbook; its first if not given.
        questions: By id; in a wide table the id is the column's name. Drafted if not given.
    """

    model_config = STRICT

    respondent: Text | None = None
    layout: Literal["wide", "long"] = "wide"
    question_column: Text = "question"
    answer_column: Text = "answer"
    weight: Text | None = None
    traits: Annotated[dict[Text, TraitEntry], BeforeValidator(_named)] = {}
    leave_out: list[Text] = []
    refusals: list[Cell] = []
    missing: list[Cell] = []
    encoding: Text | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: Text | None = None
    questions: Annotated[dict[Text, QuestionEntry], BeforeValidator(_named), Field(min_length=1)] | None = None

    def asked(self) -> dict[str, QuestionEntry]:
        """The questions; an empty mapping where they are not given."""
        return self.questions or {}

    def people(self) -> list[str]:
        """The columns that say who a respondent is: id, weight and traits."""
        return [*([self.respondent] if self.respondent else []), *([self.weight] if self.weight else []), *self.traits]

    def named(self) -> list[str]:
        """The columns that the codebook names, each once; those left out not among them."""
        questions = [name for key, entry in self.asked().items() for name in columns_of(key, entry)]
        long = [self.question_column, self.answer_column]
        return list(dict.fromkeys([*self.people(), *(long if self.layout == "long" else questions)]))

    def leaves_out(self, column: str) -> bool:
        """Whether a column is one of those that the codebook leaves out."""
        return any(fnmatchcase(column, pattern) for pattern in self.leave_out)


def columns_of(key: str, entry: QuestionEntry) -> list[str]:
    """The columns that hold the answers to one entry of ``questions``."""
    multiple = entry.multiple
    if multiple is None:
        return [key]
    if bool(multiple.columns) == (multiple.column is not None):
        raise SurveyError(f"question {shown(key)}: `multiple` needs either `columns` or `column`: give one of them")
    return [multiple.column] if multiple.column is not None else list(multiple.columns)


def is_one_of(cells: list[str], *names: str) -> bool:
    """Whether one of the names of a code, its cell or its label, stands in a list, in any case."""
    listed = {plain(cell).casefold() for cell in cells}
    return any(plain(name).casefold() in listed for name in names)


def _boxes(value: Any) -> Any:
    return dict.fromkeys(map(str, value)) if isinstance(value, list | tuple) else value
