"""The answers by which a persona is described to a reader: those that tell most about it, or related to a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError, SurveyError, shown
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.composition import SIGNIFICANT
from personaspace.profiles.questions import MIN_ANSWERS, distinguishing_questions
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray, Vectors
from personaspace.survey.filters import filtered_questions
from personaspace.survey.lookup import index_of, positions
from personaspace.survey.option_sums import option_shares, sum_options
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.text_vectors import question_text, tfidf

RELATED = 0.15
"""Least similarity of related questions; those that share only words such as "do you think about" stay below."""


@dataclass(frozen=True, eq=False)
class StatedAnswer:
    """How a persona answers one question.

    Attributes:
        question: The question.
        shares: Weighted share of each option, shape ``[options]``.
        population: The same of all respondents.
        expected: Whether an embedder expects the shares; else they are of answers that were given.
        one: Whether one respondent gave the answer.
        number: The number which that respondent gave, NaN elsewhere.
    """

    question: Question
    shares: FloatArray
    population: FloatArray
    expected: bool = False
    one: bool = False
    number: float = float("nan")


class PersonaAnswers:
    """All that is known of a persona's answers.

    Of one respondent these are the answers given. Of a group they are the members' weighted shares, for questions that
    at least 20 members answered (:data:`~personaspace.profiles.questions.MIN_ANSWERS`); other questions have the mean
    of the answers that the embedder expects of the members. Of a persona without members they are the answers expected
    at its vector. Nothing is expected to a question that is only asked after certain answers to another.

    Args:
        persona: Of any kind.
        survey: Answers and weights; members are matched by id.
        embedder: The fitted embedder that the persona was made from. Without it no answer is expected.

    Attributes:
        rows: The members' rows in the survey.

    Raises:
        SettingError: Nothing is known of its answers; or it has no members, and there is no embedder or the vector
            is none of its space.
        SurveyError: The survey holds no member, or a question has other options than the embedder knows.
    """

    def __init__(self, persona: Persona, survey: Survey, embedder: Embedder | None = None) -> None:
        self.persona, self.survey, self._embedder = persona, survey, embedder
        found = positions(persona.members, survey.respondent_index)
        self.rows: IntArray = found[found >= 0]
        if persona.members and not len(self.rows):
            raise SurveyError(
                f"no member of persona {shown(persona.name)} is in {survey!r}: give the survey it was made from"
            )
        if not persona.members:
            _check_point(persona, embedder)
        if embedder is not None:
            embedder.known_answers(survey)  # or it says which question has other options
        if not (self._has_given | self._has_expected).any():
            least = "its respondent" if self.one else f"{MIN_ANSWERS} members of it"
            raise SettingError(
                f"nothing is known of the answers of persona {shown(persona.name)}: no question of {survey!r} has an "
                f"answer of {least}{'' if embedder else '; the embedder it was made from knows what to expect'}"
            )

    def telling(self, k: int, without: Collection[str] = ()) -> list[StatedAnswer]:
        """The answers that tell most about the persona.

        Of one respondent, those that fewest others gave. Of a group, those that differ from the population's
        significantly, in the order of :func:`~personaspace.profiles.questions.distinguishing_questions`; where
        too few members answered any question, and for a persona without members, the expected answers with the
        greatest total variation from those expected of the population. First one of each topic, then a second, and so
        on; a question without a topic counts as a topic.

        Args:
            k: How many at the most.
            without: Ids of questions to leave out.

        Returns:
            At most ``k``; none where no difference is significant.
        """
        seen: Counter[str | None] = Counter()
        turns = []
        for rank, column in enumerate(self._ranked().tolist()):
            question = self.survey.questions[column]
            if question.id not in without:
                turns.append((seen[question.topic] if question.topic else 0, rank, column))
                seen[question.topic] += 1
        return [self._stated(column) for _, _, column in sorted(turns)[:k]]

    def related(self, asked: Question | str, k: int, without: Collection[str] = ()) -> list[StatedAnswer]:
        """The answers to the questions most similar to another: cosine of tf-idf vectors, as in the question prior.

        Args:
            asked: A question, whose options are compared too, or the text of an open one.
            k: How many at the most.
            without: Ids of questions to leave out.

        Returns:
            At most ``k``, the most similar first, with a similarity of at least :data:`RELATED`.
        """
        if isinstance(asked, Question):
            text, known = question_text(asked), [question_text(question) for question in self.survey.questions]
        else:
            text, known = asked, [question.text for question in self.survey.questions]
        vectorizer = tfidf([*known, text])
        similarity = (vectorizer.transform(known) @ vectorizer.transform([text]).T).toarray()[:, 0]
        similarity[~(self._has_given | self._has_expected)] = 0
        similarity[[self.survey.question_index[name] for name in without]] = 0
        order = np.argsort(-similarity, kind="stable")[:k]
        return [self._stated(column) for column in order[similarity[order] >= RELATED].tolist()]

    @property
    def one(self) -> bool:
        """Whether the persona is one respondent."""
        return len(self.persona.members) == 1

    @cached_property
    def _given(self) -> FloatArray:
        """Weighted shares of the members' answers, shape ``[options of the survey]``; NaN where nobody answered."""
        weight = np.zeros(len(self.survey.respondents))
        weight[self.rows] = 1.0 if self.one else self.survey.weight[self.rows]
        return _given_shares(self.survey, weight)

    @cached_property
    def _given_by_all(self) -> FloatArray:
        return _given_shares(self.survey, self.survey.weight)

    @cached_property
    def _has_given(self) -> BoolArray:
        """Whether enough members answered a question, shape ``[questions]``."""
        survey = self.survey
        of_members = np.isin(survey.answers.respondent, self.rows)
        counts = np.bincount(survey.answers.question[of_members], minlength=len(survey.questions))
        enough: BoolArray = counts >= (1 if self.one else MIN_ANSWERS)
        return enough & ~np.isnan(self._given[survey.offsets[:-1]])

    @cached_property
    def _has_expected(self) -> BoolArray:
        """Whether a question without enough answers has expected ones, shape ``[questions]``."""
        if self.one or self._has_given.all():
            return np.zeros(len(self.survey.questions), np.bool_)
        known = ~self._has_given & ~np.isnan(self._expected[self.survey.offsets[:-1]])
        known[positions(filtered_questions(self.survey), self.survey.question_index)] = False
        return known

    @cached_property
    def _expected(self) -> FloatArray:
        """Weighted mean of the answers expected of the members, shape as of ``_given``; NaN where nothing is."""
        embedder = self._embedder
        if embedder is None:
            return np.full_like(self._given, np.nan)
        row = positions([self.survey.respondents[row] for row in self.rows], embedder.ids_)
        weight = self.survey.weight[self.rows][row >= 0]
        if weight.any():
            return _expected_shares(self.survey, embedder, embedder.respondents_[row[row >= 0]], weight)
        return _expected_shares(self.survey, embedder, self.persona.vector[None], np.ones(1))

    @cached_property
    def _expected_of_all(self) -> FloatArray:
        embedder = self._embedder
        if embedder is None:
            return np.full_like(self._given, np.nan)
        row = positions(embedder.ids_, self.survey.respondent_index)
        weight = np.where(row >= 0, self.survey.weight[row], 0.0)
        return _expected_shares(self.survey, embedder, embedder.respondents_, weight)

    def _ranked(self) -> IntArray:
        """Columns of the questions that tell about the persona, the one that tells most first."""
        survey = self.survey
        if self._has_given.any() and not self.one:
            table = distinguishing_questions(Personas([self.persona]), survey)
            significant = table[table["adjusted_p"] <= SIGNIFICANT]["question"]
            return positions(significant, survey.question_index)
        columns = np.flatnonzero(self._has_given | self._has_expected)
        if self.one:
            apart = np.array([_unusual(self._stated(column)) for column in columns.tolist()])
        else:
            apart = sum_options(np.abs(self._expected - self._expected_of_all), survey.offsets)[columns]
        return columns[np.argsort(-apart, kind="stable")]

    def _stated(self, column: int) -> StatedAnswer:
        survey, given = self.survey, bool(self._has_given[column])
        block = slice(survey.offsets[column], survey.offsets[column + 1])
        number = float("nan")
        if self.one and survey.questions[column].scale is not None:
            cell = (survey.answers.respondent == self.rows[0]) & (survey.answers.question == column)
            number = float(survey.answers.value[cell][0])
        return StatedAnswer(
            survey.questions[column],
            (self._given if given else self._expected)[block],
            (self._given_by_all if given else self._expected_of_all)[block],
            not given,
            self.one,
            number,
        )


def _given_shares(survey: Survey, weight: FloatArray) -> FloatArray:
    sums = np.bincount(survey.option_nodes, weight[survey.answers.respondent], int(survey.offsets[-1]))
    return option_shares(sums, survey.offsets)


def _expected_shares(survey: Survey, embedder: Embedder, vectors: Vectors, weight: FloatArray) -> FloatArray:
    """Weighted mean of the answers expected at vectors, shape ``[options of the survey]``, NaN where unknown."""
    sums = np.zeros(int(embedder.offsets_[-1]))
    for block, expected in embedder.predict_blocks(vectors):
        sums += weight[block] @ expected
    shares, index = option_shares(sums, embedder.offsets_), index_of(question.id for question in embedder.questions_)
    parts = (
        shares[embedder.offsets_[index[question.id]] :][: len(question.options)]
        if question.id in index
        else np.full(len(question.options), np.nan)
        for question in survey.questions
    )
    return np.concatenate([*parts, np.empty(0)])


def _unusual(answer: StatedAnswer) -> float:
    """Share of all respondents who answer otherwise; of a number, how far from the middle it is, from 0 to 1."""
    chosen = int(answer.shares.argmax())
    if answer.question.scale is None:
        return float(1 - answer.population[chosen])
    return float(abs(answer.population[:chosen].sum() - answer.population[chosen + 1 :].sum()))


def _check_point(persona: Persona, embedder: Embedder | None) -> None:
    """Raise :class:`SettingError` unless a persona without members is a point of the embedder's space."""
    what = f"persona {shown(persona.name)} has no members"
    if embedder is None:
        raise SettingError(f"{what}: give the embedder it was made from, which says what is expected at its vector")
    shape, dim = np.shape(persona.vector), embedder.options_.shape[1]
    if shape != (dim,) or not np.isfinite(persona.vector).all():
        raise SettingError(
            f"{what} and no vector of this embedder (shape {shape}, expected {dim} finite numbers): "
            "give a persona with members, or one made from this embedder"
        )
