"""The codebook of a table: the role of each column, the questions and the meaning of the cells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from personaspace.errors import SurveyError, shown
from personaspace.survey.question import Option, Question, check_characters, scaled_positions
from personaspace.survey.readers.coding import Coding, NumberCoding


def _text(value: object) -> object:
    """Numbers as text; any other value is left for the validation to reject."""
    if isinstance(value, str):
        check_characters("it", value)
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text)]


class ScaleEntry(BaseModel):
    """The scale of a question answered with a number: its ends, and how many points stand for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: FiniteFloat
    high: FiniteFloat
    points: int = 21


class QuestionEntry(BaseModel):
    """One question: its text, and its options in order or its scale.

    Attributes:
        text: The question as respondents read it.
        options: Texts, or code -> text where the table holds codes.
        scale: In place of options, the scale of a question answered with a number.
        positions: Places of the options on any scale, null where an option has none; evenly spaced if not given.
        ordinal: False where the options have no order.
        topic: What the question is about.
        refusals: Replaces the codebook's refusals for this question.
        missing: Replaces the codebook's missing codes for this question.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Text
    options: list[Text] | dict[Text, Text] = []
    scale: ScaleEntry | None = None
    positions: list[FiniteFloat | None] | None = None
    ordinal: bool = True
    topic: Text | None = None
    refusals: list[Text] | None = None
    missing: list[Text] | None = None

    def question(self, name: str) -> Question:
        """The question under this id; :class:`SurveyError` if it cannot be one."""
        if self.scale is not None:
            if self.options or self.positions is not None or not self.ordinal:
                raise SurveyError(
                    f"question {shown(name)} has a scale and also options, positions or `ordinal: false`: keep one"
                )
            return Question.number(name, self.text, **self.scale.model_dump(), topic=self.topic)
        if not self.options:
            raise SurveyError(f"question {shown(name)} has neither options nor a scale: give `options` or `scale`")
        texts = list(self.options.values()) if isinstance(self.options, dict) else self.options
        if self.positions is not None and len(self.positions) != len(texts):
            raise SurveyError(
                f"question {shown(name)} has {len(self.positions)} positions for {len(texts)} options: give one "
                "per option, null for an option outside the scale"
            )
        if self.positions is not None and not self.ordinal:
            raise SurveyError(f"question {shown(name)} has positions and `ordinal: false`: keep one of them")
        given = self.positions or list(range(len(texts)))
        places = scaled_positions(given) if self.ordinal else (None,) * len(texts)
        options = tuple(Option(text, place) for text, place in zip(texts, places, strict=True))
        return Question(name, self.text, options, self.topic)


class TableCodebook(BaseModel):
    """The content of a table, column by column.

    Attributes:
        respondent: Column of respondent ids.
        layout: ``wide``: a row per respondent, a column per question; ``long``: a row per answer.
        question_column: In a long table, the column of question ids.
        answer_column: In a long table, the column of answers.
        weight: Column of weights, if any.
        traits: Columns of traits.
        refusals: Cells that mean the respondent refused.
        missing: Cells that mean there is no answer, beside empty ones.
        delimiter: The character between the columns of a CSV file.
        questions: By id; in a wide table the id is the column's name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    respondent: Text
    layout: Literal["wide", "long"] = "wide"
    question_column: Text = "question"
    answer_column: Text = "answer"
    weight: Text | None = None
    traits: list[Text] = []
    refusals: list[Text] = []
    missing: list[Text] = []
    delimiter: str = Field(",", min_length=1, max_length=1)
    questions: dict[Text, QuestionEntry] = Field(min_length=1)

    def codings(self) -> dict[str, Coding | NumberCoding]:
        """The coding of each question's cells; :class:`SurveyError` if a question is malformed."""
        return {name: self._coding(name, entry) for name, entry in self.questions.items()}

    def _coding(self, name: str, entry: QuestionEntry) -> Coding | NumberCoding:
        codes = list(entry.options) if isinstance(entry.options, dict) else []
        refusals = self.refusals if entry.refusals is None else entry.refusals
        missing = self.missing if entry.missing is None else entry.missing
        question = entry.question(name)
        if question.scale is not None:
            return NumberCoding.of(question, question.scale, refusals, missing)
        return Coding.of(question, codes, refusals, missing)
