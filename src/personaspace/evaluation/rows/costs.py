"""What takes long in an evaluation, and how long, from a timed try on a few questions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import numpy as np

from personaspace.embedding.registry import make_embedder
from personaspace.errors import PersonaSpaceError
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.rows.method import Method
from personaspace.evaluation.rows.prompts import duration
from personaspace.survey.survey import Survey

TRIED = 3
"""Questions that are timed, after one that is not: the first may fit what all share."""

WORTH_SAYING = 20.0
"""Seconds."""

NAMED = 4
"""Rows named with their time."""

PART, LEAST = 20, 50
"""One in so many respondents, and at least so many, are those an embedder is fitted on to time it."""


def time_to_fit(name: str, seed: int, train: Survey) -> str:
    """Say how long fitting another embedder takes, by fitting it on one in twenty respondents.

    Args:
        name: Of the embedder.
        seed: Of the embedder and of the respondents drawn.
        train: What it is fitted on.
    """
    people = len(train.respondents)
    few = train.select(respondents=np.random.default_rng(seed).permutation(people)[: max(LEAST, people // PART)])
    started = time.perf_counter()
    make_embedder(name, seed=seed).fit(few)
    took = (time.perf_counter() - started) * len(train.answers) / len(few.answers)
    return f"the embedder {name} is fitted on {len(train.answers):,} answers first: very roughly {duration(took)}"


def time_of_slow(planned: Iterable[tuple[EvaluationSet, Method]], seed: int = 0) -> str:
    """Say how long the slow rows take, by trying each on a few questions.

    Rows that share work, such as the demographic personas, which are asked together, share its time: it counts for the
    first of them.

    Args:
        planned: Every row of every evaluation set, in the order in which they are measured.
        seed: Draws the questions.

    Returns:
        A sentence; empty where it is less than 20 seconds in all.
    """
    seconds: Counter[str] = Counter()
    tried: set[tuple[str, int, str]] = set()
    for at, method in planned:
        if not method.slow or (key := method.key(at)) in tried:
            continue
        tried.add(key)
        question = at.test.answers.question
        order = np.random.default_rng(seed).permutation(np.unique(question))
        few = [np.isin(question, some) for some in (order[:1], order[1 : 1 + TRIED]) if len(some)]
        try:
            for some in few:
                started = time.perf_counter()
                method.predict(at.test.with_answers(some))
        except PersonaSpaceError:
            continue
        seconds[method.name] += (time.perf_counter() - started) * len(question) / few[-1].sum()
    if seconds.total() < WORTH_SAYING:
        return ""
    longest = ", ".join(f"{name} {duration(took)}" for name, took in seconds.most_common(NAMED))
    return f"the rows that take long take about {duration(seconds.total())} in all; the longest: {longest}"
