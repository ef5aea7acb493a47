"""The evaluation protocol: every method measured on every evaluation set, with intervals, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import MAX_SEED, SettingError
from personaspace.evaluation.baselines import embedder_alone, group_majority, majority
from personaspace.evaluation.bootstrap import bootstrap_all
from personaspace.evaluation.language_model_rows import GroupRows, individual, question_prior, raw_question
from personaspace.evaluation.metrics import measure
from personaspace.evaluation.number_metrics import measure_numbers
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.results import Results, Row
from personaspace.evaluation.similar_question import own_similar_answer, similar_question_majority
from personaspace.files import versions
from personaspace.persona.personas import PersonasLike, as_personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import Vectors
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

KNOWN = (5, 20)


@dataclass(frozen=True)
class EvaluationSet:
    """Answers to predict, and the known answers and vectors of the respondents who gave them.

    Attributes:
        name: The value of ``split`` in the results.
        test: The answers to predict.
        known: The respondents' own answers that may be used.
        vectors: The vector of each respondent of ``test``, shape ``[respondents, dim]``.
        seen: Whether the embedder knows the questions.
    """

    name: str
    test: Survey
    known: Survey
    vectors: Vectors
    seen: bool


def evaluate(
    lm: SteeredLM | None,
    embedder: Embedder,
    split: Split,
    personas: PersonasLike | None = None,
    *,
    known: Sequence[int] = KNOWN,
    seed: int = 0,
    on_row: Callable[[str, str], None] | None = None,
) -> Results:
    """Measure every method on every evaluation set of a split.

    Args:
        lm: The steered model, or ``None`` for the rows that need no language model.
        embedder: An embedder fitted on ``split.train``.
        split: The evaluation sets.
        personas: Cluster personas, for the row ``cluster k=...``.
        known: Numbers of known answers for unseen respondents.
        seed: Of the bootstrap.
        on_row: Called with split and method before each is measured.

    Returns:
        All measurements, with 95% bootstrap intervals over respondents; answers that are choices and answers that are
        numbers are measured apart, each by their own metrics.

    Raises:
        SettingError: The split holds nothing out to evaluate on, or the embedder was fitted on another survey;
            ``known`` or ``seed`` is outside what is allowed.
    """
    if isinstance(known, int) or len(set(known)) != len(known):
        raise SettingError(f"known is {known!r:.60}: give different numbers of known answers, such as (5, 20)")
    for number in known:
        check_whole("known", number, least=0)
    check_whole("seed", seed, least=0, most=MAX_SEED)
    rows: list[Row] = []
    clusters = None if personas is None else as_personas(personas)
    groups = None if lm is None else GroupRows(lm, embedder, split.train, clusters)
    for evaluation_set in evaluation_sets(embedder, split, known):
        for method, predict in _methods(lm, groups, embedder, split.train, evaluation_set):
            if on_row:
                on_row(evaluation_set.name, method)
            rows += _measure(evaluation_set, method, predict(), seed)
    if not rows:
        raise SettingError(
            "nothing was held out from this survey, so there is nothing to evaluate on: fit it without --use-everything"
        )
    return Results(split.survey.name, None if lm is None else lm.model.name, seed, versions(), tuple(rows))


def evaluation_sets(embedder: Embedder, split: Split, known: Sequence[int] = KNOWN) -> Iterator[EvaluationSet]:
    """Yield the non-empty evaluation sets of a split, in the order of the table.

    Raises:
        SettingError: The embedder was fitted on another survey than ``split.train``.
    """
    train = split.train
    if embedder.ids_ != train.respondents or embedder.questions_ != train.questions:
        raise SettingError(
            f"the {embedder.name} embedder was fitted on other respondents or questions than this split trains on: "
            "fit it on split.train"
        )
    own = embedder.embed(train)
    candidates = [EvaluationSet("held-out answers", split.held_out_answers, train, own, True)]
    unseen = [(k, split.known(k), embedder.embed(split.known(k))) for k in known if len(split.unseen_known.respondents)]
    candidates += [
        EvaluationSet(f"unseen respondents K={k}", split.unseen_held_out, answers, vectors, True)
        for k, answers, vectors in unseen
    ]
    candidates.append(EvaluationSet("held-out questions", split.held_out_questions, train, own, False))
    candidates += [
        EvaluationSet(
            f"unseen respondents, held-out questions K={k}", split.unseen_held_out_questions, answers, vectors, False
        )
        for k, answers, vectors in unseen
    ]
    return (candidate for candidate in candidates if len(candidate.test.answers))


def _methods(
    lm: SteeredLM | None, groups: GroupRows | None, embedder: Embedder, train: Survey, at: EvaluationSet
) -> Iterator[tuple[str, Callable[[], Predictions]]]:
    test = at.test
    yield "majority", partial(majority, train, test)
    if at.seen:
        for trait in map(str, train.traits.columns):
            yield f"group majority: {trait}", partial(group_majority, train, test, trait)
        yield f"embedder alone: {embedder.name}", partial(embedder_alone, embedder, at.vectors, test)
    else:
        yield "similar question", partial(similar_question_majority, train, test)
        yield "own similar answer", partial(own_similar_answer, train, test, at.known)
    if lm is not None and groups is not None:
        yield "raw question", partial(raw_question, lm, test)
        yield "untrained", partial(individual, lm.untrained(), at.vectors, test)
        if lm.prior_ is not None:
            yield "question prior", partial(question_prior, lm, at.vectors, test)
        yield "individual", partial(individual, lm, at.vectors, test)
        yield from groups.rows(test, at.vectors)


def _measure(at: EvaluationSet, method: str, predictions: Predictions, seed: int) -> Iterator[Row]:
    """Measure choices by the metrics for choices and numbers by those for numbers."""
    number = ~np.isnan(predictions.value)
    for rows, metrics in ((~number, measure), (number, measure_numbers)):
        if rows.any():
            part = predictions.where(rows)
            respondents = len(np.unique(part.respondent))
            for name, interval in bootstrap_all(metrics, part, seed=seed).items():
                yield Row(at.name, method, name, *interval, respondents=respondents, answers=len(part))
