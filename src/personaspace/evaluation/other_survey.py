"""Evaluation sets of a whole other survey than the one a space was fitted on: its known and its new questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError, listed, shown
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.shared_questions import matched_questions
from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.survey import Survey

HELD_OUT = 0.2
"""Share of the answers to known questions that are predicted; the others are known."""


def other_survey_sets(
    embedder: Embedder, train: Survey, other: Survey, seed: int = 0
) -> tuple[list[EvaluationSet], list[str]]:
    """Make the evaluation sets of another survey: a fifth of its answers to known questions, and all to new ones.

    A question is known if the space was fitted on it, by id. Respondents in training, by id, keep their vectors, and
    their training answers are known beside those of the other survey; everybody else is embedded from the other
    four fifths. Answers of respondents in training to questions that they answered there are not predicted, since they
    may be the same answers.

    Args:
        embedder: Fitted on ``train``.
        train: The training answers.
        other: The other survey.
        seed: Which answers to known questions are predicted.

    Returns:
        The sets that are not empty, called ``"NAME: known questions"`` and ``"NAME: new questions"`` after the survey,
        and sentences on who and what both surveys share.

    Raises:
        SettingError: A question has other options than in training, or nothing is left to predict.
    """
    column = matched_questions(train.questions, other, f"in training and in {shown(other.name)}")
    row = positions(other.respondents, train.respondent_index)
    in_training = row != NOWHERE
    without = [trait for trait in train.traits.columns if trait not in other.traits.columns]
    traits = other.traits.reindex(columns=train.traits.columns)
    other = replace(other, traits=traits, trait_labels=train.trait_labels, refusals=Pairs.empty())
    shared, again = _shared(train, other, row, column)
    rows = np.flatnonzero(shared & ~again)
    hidden = np.zeros(len(shared), np.bool_)
    hidden[np.random.default_rng([seed, 4]).permutation(rows)[: round(HELD_OUT * len(rows))]] = True
    known = _known(train, other.with_answers(shared & ~again & ~hidden), row, column)
    vectors = embedder.embed(known)
    vectors[in_training] = embedder.respondents_[row[in_training]]
    asked = column != NOWHERE
    tests = {
        "known questions": _called_as_in(train, other.with_answers(hidden).select(questions=asked), column[asked]),
        "new questions": other.select(questions=~asked),
    }
    sets = [
        EvaluationSet(f"{other.name}: {what}", test, known, vectors, what == "known questions")
        for what, test in tests.items()
        if len(test.answers)
    ]
    if not sets:
        raise SettingError(
            f"there is nothing to predict in {shown(other.name)}: it holds no answers, or only such as its respondents "
            "gave in training; give a survey with other questions or other people"
        )
    return sets, _sentences(other, without, in_training, asked, known, int(again.sum()))


def _shared(train: Survey, other: Survey, row: IntArray, column: IntArray) -> tuple[BoolArray, BoolArray]:
    """Masks over the other survey's answers: to questions that training has, and those that training has too."""
    at, question = row[other.answers.respondent], column[other.answers.question]
    shared: BoolArray = question != NOWHERE
    width = len(train.questions)
    there = np.isin(at * width + question, train.answers.cells(width))
    return shared, shared & (at != NOWHERE) & there


def _known(train: Survey, kept: Survey, row: IntArray, column: IntArray) -> Survey:
    """What is known of the other survey's respondents: their training answers, and those kept of the other survey."""
    people = np.arange(len(kept.respondents))
    in_other = np.full(len(train.respondents), NOWHERE)
    in_other[row[row != NOWHERE]] = people[row != NOWHERE]
    trained = train.answers.renumbered(in_other, np.arange(len(train.questions)))
    return replace(kept, questions=train.questions, answers=kept.answers.renumbered(people, column)).with_more_answers(
        trained
    )


def _called_as_in(train: Survey, test: Survey, column: IntArray) -> Survey:
    """The survey with the same questions, as training has them: their order of options on a scale, their topic."""
    return replace(test, questions=tuple(train.questions[j] for j in column))


def _sentences(
    other: Survey, without: list[str], in_training: BoolArray, asked: BoolArray, known: Survey, again: int
) -> list[str]:
    name, people = shown(other.name), int(in_training.sum())
    said = [
        f"{name} shares {int(asked.sum()):,} of its {len(asked):,} questions and {people:,} of its "
        f"{len(in_training):,} respondents with training, by their ids; these respondents keep their vectors"
    ]
    if without:
        said.append(f"{name} does not have the traits {listed(without)}: their rows predict as those for everybody do")
    if again:
        said.append(
            f"{again:,} answers of {name} are left out: the same respondents answered these questions in training"
        )
    nothing = int((np.bincount(known.answers.respondent, minlength=len(known)) == 0).sum())
    if nothing:
        who = "everybody" if nothing == len(known) else f"{nothing:,} respondents"
        said.append(
            f"nothing is known of {who} in {name}: without an answer to a question of the training survey they are all "
            "placed at one point, the middle of the space, and predicted alike"
        )
    return said
