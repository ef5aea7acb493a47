"""The codebook of an SPSS or Stata file: ids, weight, traits, and corrections of what the file says itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from personaspace.survey.readers.codebook import ScaleEntry, Text


class LabelledQuestion(BaseModel):
    """One question of a labelled file: what the codebook adds to the file or corrects in it.

    Attributes:
        text: Replaces the variable's label.
        scale: For a question answered with a number.
        ordinal: False where the options have no order; a file's own level of measurement is too often wrong.
        topic: What the question is about.
        refusals: Labels or codes that mean the respondent refused; replaces those recognized.
        missing: Labels or codes that mean there is no answer; replaces those recognized.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Text | None = None
    scale: ScaleEntry | None = None
    ordinal: bool = True
    topic: Text | None = None
    refusals: list[Text] | None = None
    missing: list[Text] | None = None


class LabelledCodebook(BaseModel):
    """The role of each variable of a labelled file: id, weight, trait or question.

    Attributes:
        respondent: Variable of respondent ids; the rows are numbered from 1 without one.
        weight: Variable of weights, if any.
        traits: Variables of traits.
        questions: Variables that are questions, as a list or with an entry for each; all others that have value labels
            if not given.
        leave_out: Variables that are no questions.
        refusals: Labels or codes that mean the respondent refused, beside those recognized.
        missing: Labels or codes that mean there is no answer, beside those recognized.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    respondent: Text | None = None
    weight: Text | None = None
    traits: list[Text] = []
    questions: list[Text] | dict[Text, LabelledQuestion | None] | None = None
    leave_out: list[Text] = []
    refusals: list[Text] = []
    missing: list[Text] = []

    def entry(self, name: str) -> LabelledQuestion:
        """The codebook's entry of a question, an empty one by default."""
        given = self.questions.get(name) if isinstance(self.questions, dict) else None
        return given or LabelledQuestion()
