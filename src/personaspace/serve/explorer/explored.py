"""A fitted run as the explorer shows it, with what every answer needs computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import SettingError
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.persona.map import Placer
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.shares import Shares, answer_choices, compare
from personaspace.profiles.statistics import wilson
from personaspace.reports.story import Missing, Story
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.lookup import index_of
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class Said:
    """A piece of what a language model writes for a persona.

    Attributes:
        text: The text added.
        answer: The option that was drawn before it, where options were given.
    """

    text: str
    answer: str | None = None


class Voice(Protocol):
    """A language model that speaks for points of the space.

    Attributes:
        about: Who speaks and what that is worth, in a sentence.
    """

    about: str

    def say(self, persona: Persona, message: str, options: Sequence[str], strength: float, seed: int) -> Iterator[Said]:
        """What a persona replies, piece by piece."""


@dataclass(frozen=True, eq=False)
class Real:
    """How a question was answered by those training respondents whom it was put to.

    Attributes:
        question: As the survey has it.
        held_out: Whether it was held out, so that no stage has seen these answers.
        share: Weighted shares; a row per persona and then everybody, NaN where nobody answered; columns follow the
            options asked for.
        low: Lower ends of their 95% intervals.
        high: Upper ends.
        answered: How many of each row answered it.
        chosen: By respondent the text of the option.
    """

    question: Question
    held_out: bool
    share: FloatArray
    low: FloatArray
    high: FloatArray
    answered: Sequence[int]
    chosen: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Explored:
    """A fitted run, open for questions.

    Attributes:
        story: Survey, personas, their profile and the map.
        embedder: Fitted on ``story.split.train``.
        new_questions: What the space expects of questions that nobody was asked.
        voices: By name, what makes a language model that speaks; loaded when first used.
        unheard: Why no language model speaks, or only without what the run could have; ``None`` where none is missing.
        version: Of the stages it was read from; another fit has another.
        as_opened: Says whether the run folder still holds that version.
    """

    story: Story
    embedder: Embedder
    new_questions: NewQuestions
    version: str
    as_opened: Callable[[], bool]
    voices: Mapping[str, Callable[[], Voice]] = field(default_factory=dict)
    unheard: Missing | None = None

    @property
    def personas(self) -> Personas:
        """The cluster personas."""
        return self.story.personas

    @cached_property
    def training(self) -> Survey:
        """The training respondents with all their answers, those that were set apart among them."""
        split = self.story.split
        return split.survey.select(respondents=list(split.train.respondents))

    @cached_property
    def placer(self) -> Placer | None:
        """Places new people on the map; ``None`` without one."""
        return None if isinstance(self.story.map, Missing) else Placer(self.story.map, self.embedder)

    @cached_property
    def known_columns(self) -> dict[str, int]:
        """The embedder's questions by id."""
        return index_of(question.id for question in self.embedder.questions_)

    @cached_property
    def respondent_rows(self) -> dict[str, int]:
        """The embedder's respondents by id."""
        return index_of(self.embedder.ids_)

    @cached_property
    def everybody(self) -> FloatArray:
        """The weighted mean of the answers expected of all respondents, shape ``[options of the embedder]``."""
        weight = self.story.split.train.weight[survey_rows(self.embedder, self.story.split.train)]
        weight = weight / weight.sum() if weight.any() else np.full(len(weight), 1 / len(weight))
        blocks = self.embedder.predict_blocks(self.embedder.respondents_)
        return np.asarray(sum(weight[rows] @ expected for rows, expected in blocks), np.float64)

    @cached_property
    def _shares(self) -> Shares | None:
        """Shares of all real answers; ``None`` where no persona has two members."""
        try:
            return compare(self.personas, self.training, *answer_choices(self.training))
        except SettingError:
            return None

    @cached_property
    def _by_words(self) -> dict[tuple[str, frozenset[str]], int]:
        """Columns of the survey's questions by their text and options."""
        return {_words(question): column for column, question in enumerate(self.training.questions)}

    def real(self, asked: Question) -> Real | None:
        """How a question was answered, if the survey has one of its text and options."""
        column = self._by_words.get(_words(asked))
        if column is None:
            return None
        survey, question = self.training, self.training.questions[column]
        place = index_of(option.text for option in question.options)
        order = [place[option.text] for option in asked.options]
        share, size, answered = self._real_shares(column)
        low, high = wilson(share, size[:, None])
        given = survey.answers.where(survey.answers.question == column)
        chosen = {
            survey.respondents[row]: question.options[option].text
            for row, option in zip(given.respondent.tolist(), given.option.tolist(), strict=True)
        }
        held_out = question.id not in self.known_columns
        return Real(question, held_out, share[:, order], low[:, order], high[:, order], answered, chosen)

    def _real_shares(self, column: int) -> tuple[FloatArray, FloatArray, list[int]]:
        """Shares, effective sizes and numbers of answers to a question of each persona and everybody."""
        survey, found = self.training, self._shares
        options = slice(*survey.offsets[column : column + 2])
        share = np.full((len(self.personas) + 1, len(survey.questions[column].options)), np.nan)
        size, answered = np.zeros(len(share)), [0] * len(share)
        answered[-1] = int((survey.answers.question == column).sum())
        if found is not None:
            share[-1], size[-1] = found.population[options], found.population_size[column]
            for row, name in enumerate(found.names):
                at = self.personas.names.index(name)
                share[at], size[at] = found.share[row, options], found.size[row, column]
                answered[at] = int(found.counts[row, options].sum())
        return share, size, answered

    def persona_of(self, vector: Vectors) -> int:
        """Place of the persona nearest to a vector among the personas."""
        return self.personas.names.index(self.personas.of(self.embedder, vector[None]).iloc[0])


def _words(question: Question) -> tuple[str, frozenset[str]]:
    return question.text.strip(), frozenset(option.text.strip() for option in question.options)
