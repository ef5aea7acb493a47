"""Rows in which the base model reads about the respondent in words: demographics, own answers, a system prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.evaluation.rows.choice import Rows
from personaspace.evaluation.rows.prompts import MakePrompts, Prompt
from personaspace.evaluation.rows.similar_question import question_similarity
from personaspace.evaluation.shared_questions import matched_questions
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.system_prompt import system_prompt
from personaspace.steer.model.prompts import CUE, labels_for, question_prompt
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

INTRODUCTION = "Answer as this person would:"
"""The line before a respondent's traits."""

NOTHING_KNOWN = "no answers of the respondents are known"


def prompted_rows(
    rows: Rows, train: Survey, known: Survey, vectors: Vectors, embedder: Embedder, clusters: Personas | None
) -> Iterator[tuple[str, MakePrompts]]:
    """Yield name and prompts of every row chosen that asks the base model.

    Args:
        rows: Those chosen.
        train: The training answers, from which cluster personas are described.
        known: The respondents' own answers that may be stated, matched by id.
        vectors: A vector for each respondent of ``known``, shape ``[respondents, dim]``.
        embedder: The embedder, fitted on ``train``.
        clusters: Cluster personas, or ``None``.
    """
    if "raw question" in rows:
        yield "raw question", questions_alone
    if "demographics" in rows:
        yield "demographics", demographics
    own = OwnAnswers(known)
    for k in rows.contexts:
        yield f"context K={k}", partial(own.prompts, k)
    if "system prompt" in rows:
        if clusters:
            nearest = [clusters[name] for name in clusters.of(embedder, vectors)]
            yield f"system prompt: cluster k={len(clusters)}", partial(system_prompts, {}, nearest, train, embedder)
        answered = np.bincount(known.answers.respondent, minlength=len(known.respondents)) > 0
        people = [
            Persona(f"respondent-{name}", "individual", vector, (name,)) if any_answer else None
            for name, vector, any_answer in zip(known.respondents, vectors, answered, strict=True)
        ]
        yield "system prompt: individual", partial(system_prompts, {}, people, known, None)


def fewest_known(known: Survey, test: Survey) -> int:
    """How many answers are known of the respondent of whom fewest are, among those who answer in ``test``."""
    answering = positions(known.respondents, [test.respondents[i] for i in np.unique(test.answers.respondent)])
    counts = np.bincount(known.answers.respondent, minlength=len(known.respondents))
    return int(counts[answering != NOWHERE].min())


def questions_alone(test: Survey) -> list[Prompt]:
    """The question and nothing of the respondent, one prompt per answer of ``test``."""
    asked = ((j, test.questions[j]) for j in np.unique(test.answers.question).tolist())
    alone = {j: Prompt(question_prompt(question), len(question.options)) for j, question in asked}
    return [alone[j] for j in test.answers.question.tolist()]


def demographics(test: Survey) -> list[Prompt]:
    """Every trait of the respondent, a line each, before the question; the question alone where no trait is known.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> print(demographics(simulate(respondents=50, seed=0))[0].before[0][:45])
        Answer as this person would:
        age: 65 and over
    """
    asked = np.unique(test.answers.respondent)
    stated = {}
    for i, given in zip(asked.tolist(), test.traits.iloc[asked].to_dict("records"), strict=True):
        named = ((test.trait_labels.get(str(trait), trait), value) for trait, value in given.items() if pd.notna(value))
        lines = [" ".join(f"{label}: {value}".split()) for label, value in named]
        stated[i] = ("\n".join([INTRODUCTION, *lines]),) if lines else ()
    rows = zip(questions_alone(test), test.answers.respondent.tolist(), strict=True)
    return [prompt._replace(before=stated[i]) for prompt, i in rows]


class OwnAnswers:
    """Prompts of the respondents' own answers, in the form of the question that comes after them.

    What was compared or put into words once is remembered.

    Args:
        known: The answers that may be stated, matched by respondent id; refusals are no answers.
    """

    def __init__(self, known: Survey) -> None:
        self.known = known
        self._answers = known.answers.where(np.argsort(known.answers.respondent, kind="stable"))
        self._stated: dict[tuple[int, int], str] = {}
        self._compared: dict[tuple[Question, ...], tuple[FloatArray, IntArray]] = {}

    def prompts(self, k: int, test: Survey) -> list[Prompt]:
        """State each respondent's own answers to the k questions that are most similar to the one asked.

        Similarity is the cosine of tf-idf vectors of question and option texts; the most similar comes last.

        Args:
            k: How many; all that are known, where they are fewer.
            test: Answers to predict.

        Returns:
            One prompt per answer of ``test``; an answer to the question itself is never stated.

        Raises:
            SettingError: No respondent has an answer that may be stated.
        """
        if not len(self._answers):
            raise SettingError(NOTHING_KNOWN)
        similarity, itself = self._comparison(test)
        respondent, question, option = self._answers.respondent, self._answers.question, self._answers.option
        row = positions(test.respondents, self.known.respondent_index)
        first, last = (np.searchsorted(respondent, row, side=side) for side in ("left", "right"))
        prompts = []
        for prompt, i, j in zip(questions_alone(test), test.answers.respondent, test.answers.question, strict=True):
            own = np.arange(first[i], last[i])
            own = own[question[own] != itself[j]]
            nearest = own[np.argsort(-similarity[j, question[own]], kind="stable")[:k]]
            cells = zip(question[nearest].tolist(), option[nearest].tolist(), strict=True)
            prompts.append(prompt._replace(before=tuple(reversed([self._in_words(*cell) for cell in cells]))))
        return prompts

    def _comparison(self, test: Survey) -> tuple[FloatArray, IntArray]:
        """How similar every known question is to every question of a survey, and where those stand among the known."""
        if test.questions not in self._compared:
            itself = matched_questions(self.known.questions, test)
            self._compared[test.questions] = question_similarity(self.known, test), itself
        return self._compared[test.questions]

    def _in_words(self, question: int, option: int) -> str:
        if (question, option) not in self._stated:
            asked = self.known.questions[question]
            labels = labels_for(len(asked.options))
            self._stated[question, option] = f"{question_prompt(asked)}{CUE} {labels[option]}"
        return self._stated[question, option]


def system_prompts(
    written: dict[tuple[str, int], str],
    personas: Sequence[Persona | None],
    survey: Survey,
    embedder: Embedder | None,
    test: Survey,
) -> list[Prompt]:
    """A persona in words, with its answers to related questions, in the system turn.

    Args:
        written: What was written already, by persona and question; what is written now is added.
        personas: The persona of each respondent of ``test``; the question alone is read where it is ``None``.
        survey: The answers that may be stated; see :func:`~personaspace.profiles.system_prompt.system_prompt`.
        embedder: The embedder that the personas were made from; ``None`` to tell only answers that were given.
        test: Answers to predict.

    Returns:
        One prompt per answer of ``test``.

    Raises:
        SettingError: No respondent has a persona.
    """
    if all(persona is None for persona in personas):
        raise SettingError(NOTHING_KNOWN)
    prompts = questions_alone(test)
    for place, (i, j) in enumerate(zip(test.answers.respondent.tolist(), test.answers.question.tolist(), strict=True)):
        persona = personas[i]
        if persona is not None:
            key = (persona.name, j)
            if key not in written:
                written[key] = system_prompt(persona, survey, test.questions[j], embedder=embedder)
            prompts[place] = prompts[place]._replace(system=written[key])
    return prompts
