"""The evaluation sets of a split: answers to predict, with what may be known of the respondents who gave them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.survey.arrays import Vectors
from personaspace.survey.split import Split
from personaspace.survey.split_settings import PROTOCOLS
from personaspace.survey.survey import Survey

KNOWN = (5, 20)
PILOTS = (5, 10, 20, 50, 100)
"""Numbers of respondents who were asked a held-out question."""


@dataclass(frozen=True)
class EvaluationSet:
    """Answers to predict, and the known answers and vectors of the respondents who gave them.

    Attributes:
        name: The value of ``split`` in the results.
        test: The answers to predict.
        known: The respondents' own answers that may be used.
        vectors: The vector of each respondent of ``test``, shape ``[respondents, dim]``.
        seen: Whether the embedder knows the questions.
        pilot: Answers of a few respondents to the questions, which may be used too; ``None`` where nobody was asked.
    """

    name: str
    test: Survey
    known: Survey
    vectors: Vectors
    seen: bool
    pilot: Survey | None = None


def checked_known(known: Sequence[int]) -> tuple[int, ...]:
    """Numbers of known answers; :class:`SettingError` unless they are different whole numbers, 0 or more."""
    if isinstance(known, int | str) or len(set(known)) != len(known):
        raise SettingError(f"known is {known!r:.60}: give different numbers of known answers, such as (5, 20)")
    return tuple(check_whole("known", number, least=0) for number in known)


def evaluation_sets(
    embedder: Embedder, split: Split, known: Sequence[int] = KNOWN, pilots: Sequence[int] = ()
) -> Iterator[EvaluationSet]:
    """Yield the non-empty evaluation sets of a split, in the order of the table.

    Args:
        embedder: Fitted on ``split.train``.
        split: The split.
        known: Numbers of known answers for unseen respondents.
        pilots: Numbers of respondents who were asked each held-out question.

    Raises:
        SettingError: The embedder was fitted on another survey than ``split.train``.
    """
    train = split.train
    if embedder.ids_ != train.respondents or embedder.questions_ != train.questions:
        raise SettingError(
            f"the {embedder.name} embedder was fitted on other respondents or questions than this split trains on: "
            "fit it on split.train"
        )
    protocol, by = split.settings.protocol, split.settings.hold_out_by
    titled = f", {PROTOCOLS[protocol].title}" if protocol else ""
    questions = f"held-out questions, by {by}" if by else "held-out questions"
    if protocol == "gems-individuals":
        known = (0,)
    own = embedder.embed(train)
    candidates = [EvaluationSet(f"held-out answers{titled}", split.held_out_answers, train, own, True)]
    unseen = [(k, split.known(k), embedder.embed(split.known(k))) for k in known if len(split.unseen_known.respondents)]
    candidates += [
        EvaluationSet(f"unseen respondents K={k}{titled}", split.unseen_held_out, answers, vectors, True)
        for k, answers, vectors in unseen
    ]
    candidates.append(EvaluationSet(f"{questions}{titled}", split.held_out_questions, train, own, False))
    candidates += [_after_pilot(candidates[-1], n, split.settings.seed) for n in pilots]
    candidates += [
        EvaluationSet(
            f"unseen respondents, {questions} K={k}", split.unseen_held_out_questions, answers, vectors, False
        )
        for k, answers, vectors in unseen
    ]
    return (candidate for candidate in candidates if len(candidate.test.answers))


def _after_pilot(at: EvaluationSet, n: int, seed: int) -> EvaluationSet:
    """The set in which n respondents drawn at random, at most half of those who answer, were asked each question.

    A smaller pilot is the beginning of a larger one.
    """
    question = at.test.answers.question
    order = np.random.default_rng([seed, 3]).permutation(len(question))
    order = order[np.argsort(question[order], kind="stable")]
    counts = np.bincount(question, minlength=len(at.test.questions))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    asked = np.zeros(len(question), np.bool_)
    asked[order[rank < np.minimum(n, counts // 2)[question[order]]]] = True
    return replace(at, name=f"{at.name}, n={n}", test=at.test.with_answers(~asked), pilot=at.test.with_answers(asked))
