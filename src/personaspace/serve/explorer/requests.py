"""What the page may ask of the server, and how large that may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from personaspace.errors import MAX_SEED

Id = Annotated[str, StringConstraints(max_length=1_000)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Share = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Request(BaseModel):
    """A request's body; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Point(Request):
    """A point of the space, in exactly one of these ways.

    Attributes:
        persona: Name of a persona.
        respondent: Id of a respondent whom the embedder was fitted on.
        mix: Weights of personas by name.
        answers: Options by question id, of somebody who is none of the respondents.
    """

    persona: Id | None = None
    respondent: Id | None = None
    mix: dict[Id, Share] | None = Field(default=None, max_length=1_000)
    answers: dict[Id, Text] | None = Field(default=None, max_length=1_000)

    @model_validator(mode="after")
    def _one_way(self) -> Point:
        if len(self.model_fields_set) != 1 or getattr(self, next(iter(self.model_fields_set))) is None:
            raise ValueError("give one of persona, respondent, mix and answers")
        return self


class Asked(Request):
    """A question, and what is known of it.

    Attributes:
        question: Its text.
        options: Its options.
        guests: Points to be asked beside the personas.
        topline: Published shares by option, which sum to 1 or to 100.
        topline_n: People who were asked.
        pilot: Lines ``respondent,answer``.
    """

    question: Text
    options: list[Text] = Field(min_length=2, max_length=200)
    guests: list[Point] = Field(default=[], max_length=4)
    topline: dict[Text, Share] | None = Field(default=None, max_length=200)
    topline_n: int | None = Field(default=None, ge=1, le=10**9)
    pilot: Annotated[str, StringConstraints(max_length=200_000)] = ""


class WhomToAsk(Asked):
    """A question for which respondents are to be named.

    Attributes:
        n: How many.
    """

    n: int = Field(default=10, ge=1, le=100)


class Answered(Request):
    """What somebody has answered so far.

    Attributes:
        answers: Options by question id.
        skipped: Ids of questions that they do not want to answer.
    """

    answers: dict[Id, Text] = Field(default={}, max_length=1_000)
    skipped: list[Id] = Field(default=[], max_length=1_000)


class Read(Request):
    """A point that is to be read.

    Attributes:
        who: The point.
    """

    who: Point


class Message(Request):
    """A message to a persona.

    Attributes:
        who: The point that is to reply.
        message: What is said to it.
        options: Answers of which one is drawn before it is said; none for an open question.
        voice: Name of the voice.
        strength: 0 is the base model, 1 the persona, more exaggerates.
        seed: Of the draws.
    """

    who: Point
    message: Text
    options: list[Text] = Field(default=[], max_length=50)
    voice: Id
    strength: float = Field(default=1.0, ge=0, le=5, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
