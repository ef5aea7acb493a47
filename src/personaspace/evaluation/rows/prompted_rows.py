"""Rows in which the base model reads about the respondent in words: demographics, own answers, a system prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.evaluation.rows.choice import Rows
from personaspace.evaluation.rows.prompts import MakePrompts, Prompt
from personaspace.evaluation.rows.similar_question import question_similarity
from personaspace.evaluation.shared_questions import matched_questions
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.system_prompt import system_prompt
from personaspace.steer.model.prompts import CUE, labels_for, question_prompt
from personaspace.survey.arrays import Vectors
from personaspace.survey.lookup import positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

INTRODUCTION = "Answer as this person would:"
"""The line before a respondent's traits."""


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
    for k in rows.contexts:
        yield f"context K={k}", partial(context, known, k)
    if "system prompt" in rows:
        if clusters:
            nearest = [clusters[name] for name in clusters.of(embedder, vectors)]
            yield f"system prompt: cluster k={len(clusters)}", partial(system_prompts, nearest, train, embedder)
        answered = np.bincount(known.answers.respondent, minlength=len(known.respondents)) > 0
        people = [
            Persona(f"respondent-{name}", "individual", vector, (name,)) if any_answer else None
            for name, vector, any_answer in zip(known.respondents, vectors, answered, strict=True)
        ]
        yield "system prompt: individual", partial(system_prompts, people, known, None)


def questions_alone(test: Survey) -> list[Prompt]:
    """The question and nothing of the respondent, one prompt per answer of ``test``."""
    alone = [Prompt(question_prompt(question), len(question.options)) for question in test.questions]
    return [alone[j] for j in test.answers.question.tolist()]


def demographics(test: Survey) -> list[Prompt]:
    """Every trait of the respondent, a line each, before the question; the question alone where no trait is known.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> print(demographics(simulate(respondents=50, seed=0))[0].before[0][:45])
        Answer as this person would:
        age: 65 and over
    """
    stated = []
    for _, row in test.traits.iterrows():
        given = row.dropna().rename(test.trait_labels)
        lines = [f"{trait}: {value}" for trait, value in given.items()]
        stated.append(("\n".join([INTRODUCTION, *(" ".join(line.split()) for line in lines)]),) if lines else ())
    rows = zip(questions_alone(test), test.answers.respondent.tolist(), strict=True)
    return [prompt._replace(before=stated[row]) for prompt, row in rows]


def context(known: Survey, k: int, test: Survey) -> list[Prompt]:
    """The respondent's own answers to the k most similar other questions, in the same form as the question after them.

    Similarity is the cosine of tf-idf vectors of question and option texts; the most similar comes last. Refusals are
    no answers.

    Args:
        known: The answers that may be stated, matched by respondent id.
        k: How many; all that are known, where they are fewer.
        test: Answers to predict.

    Returns:
        One prompt per answer of ``test``; an answer to the question itself is never stated.
    """
    similarity, itself = question_similarity(known, test), matched_questions(known.questions, test)
    answers = known.answers.where(np.argsort(known.answers.respondent, kind="stable"))
    row = positions(test.respondents, known.respondent_index)
    first, last = (np.searchsorted(answers.respondent, row, side=side) for side in ("left", "right"))
    stated: dict[tuple[int, int], str] = {}
    prompts = []
    for prompt, i, j in zip(questions_alone(test), test.answers.respondent, test.answers.question, strict=True):
        own = np.arange(first[i], last[i])
        own = own[answers.question[own] != itself[j]]
        nearest = own[np.argsort(-similarity[j, answers.question[own]], kind="stable")[:k]]
        before = []
        for cell in zip(answers.question[nearest].tolist(), answers.option[nearest].tolist(), strict=True):
            if cell not in stated:
                stated[cell] = _answered(known.questions[cell[0]], cell[1])
            before.append(stated[cell])
        prompts.append(prompt._replace(before=tuple(reversed(before))))
    return prompts


def system_prompts(
    personas: Sequence[Persona | None], survey: Survey, embedder: Embedder | None, test: Survey
) -> list[Prompt]:
    """A persona in words, with its answers to related questions, in the system turn.

    Args:
        personas: The persona of each respondent of ``test``; the question alone is read where it is ``None``.
        survey: The answers that may be stated; see :func:`~personaspace.profiles.system_prompt.system_prompt`.
        embedder: The embedder that the personas were made from; ``None`` to tell only answers that were given.
        test: Answers to predict.

    Returns:
        One prompt per answer of ``test``.
    """
    written: dict[tuple[str, int], str] = {}
    prompts = questions_alone(test)
    for place, (i, j) in enumerate(zip(test.answers.respondent.tolist(), test.answers.question.tolist(), strict=True)):
        persona = personas[i]
        if persona is not None:
            key = (persona.name, j)
            if key not in written:
                written[key] = system_prompt(persona, survey, test.questions[j], embedder=embedder)
            prompts[place] = prompts[place]._replace(system=written[key])
    return prompts


def _answered(question: Question, option: int) -> str:
    return f"{question_prompt(question)}{CUE} {labels_for(len(question.options))[option]}"
