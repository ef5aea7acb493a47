"""The evaluation protocol: every method measured on every evaluation set, with intervals, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import MAX_SEED, SettingError, unknown
from personaspace.evaluation.averages import Metric
from personaspace.evaluation.bootstrap import resampled
from personaspace.evaluation.disclosure import NO_MODEL, disclosure
from personaspace.evaluation.evaluation_sets import KNOWN, PILOTS, checked_known, evaluation_sets
from personaspace.evaluation.methods import Methods
from personaspace.evaluation.metrics import accuracy, measure
from personaspace.evaluation.number_metrics import measure_numbers
from personaspace.evaluation.other_survey import other_survey_sets
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.prompts import PromptReader
from personaspace.evaluation.results import Results, Row
from personaspace.evaluation.retest import (
    OF_PROBABILITIES,
    OWN_ANSWER,
    SHARE_OF_RETEST,
    given_again,
    own_answer,
    share_of,
)
from personaspace.evaluation.rows import BASE, DEFAULT, NOTHING, PROMPTED, STEERED, chosen_rows
from personaspace.evaluation.sample import Sample
from personaspace.files import versions
from personaspace.persona.personas import PersonasLike, as_personas
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.soft_prompts.registry import kind_of
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import FloatArray
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey


def evaluate(
    lm: SteeredLM | LanguageModel | None,
    embedder: Embedder,
    split: Split,
    personas: PersonasLike | None = None,
    *,
    rows: str | Sequence[str] = DEFAULT,
    respondents: int | None = None,
    answers: int | None = None,
    known: Sequence[int] = KNOWN,
    sets: Sequence[str] | None = None,
    other: Survey | None = None,
    retest: Survey | None = None,
    seed: int = 0,
    on_row: Callable[[str, str], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_prompts: Callable[[int, int], None] | None = None,
) -> Results:
    """Measure every method on every evaluation set of a split.

    The rows ``demographics``, ``context`` and ``system-prompt`` ask the base model once for every answer. Bound their
    time by ``respondents`` and ``answers``: a sample is drawn, the same for all rows, and written into the results.

    Args:
        lm: The steered model; a :class:`LanguageModel` for the rows of the base model alone; or ``None`` for the rows
            that need no language model.
        embedder: An embedder fitted on ``split.train``.
        split: The evaluation sets.
        personas: Cluster personas, for the row ``cluster k=...``.
        rows: Names of rows (:func:`~personaspace.evaluation.rows.chosen_rows`), in a list or with commas between them.
        respondents: Respondents drawn of each evaluation set, at most; ``None`` for all.
        answers: Answers drawn of theirs, at most; ``None`` for all.
        known: Numbers of known answers for unseen respondents.
        sets: Names of the evaluation sets that are measured, such as ``"held-out answers"``; all where not given.
        other: Another survey, which is measured in place of the split's own evaluation sets
            (:func:`~personaspace.evaluation.other_survey.other_survey_sets`).
        retest: The answers of the same people, by id, at another interview. All rows are measured on those answers that
            were given again; the row ``own answer, asked again`` says how consistent people are, and the metric
            ``share_of_retest`` is every row's macro accuracy over that.
        seed: Of the bootstrap, the sample and further cluster personas.
        on_row: Called with split and method before each is measured.
        on_note: Called with what prompts will cost, in a sentence, before the first is read.
        on_prompts: Called after every prompt with how many were read and how many there are, at most.

    Returns:
        All measurements, with 95% bootstrap intervals over respondents; answers that are choices and answers that are
        numbers are measured apart, each by their own metrics.

    Raises:
        SettingError: The split holds nothing out to evaluate on, or the embedder was fitted on another survey; a row
            needs what is not there; ``known``, ``seed``, ``respondents`` or ``answers`` is outside what is allowed.
        UnknownNameError: There is no row, no trait, or no evaluation set, of a name.
        ModelError: A question alone is longer than the base model reads.

    Example:
        >>> import personaspace as ps
        >>> parts = ps.split(ps.simulate(respondents=60, seed=0), seed=0)
        >>> space, nano = ps.Factorization(dim=4, seed=0).fit(parts.train), ps.LanguageModel.load("nano")
        >>> results = ps.evaluate(nano, space, parts, rows="majority, context K=3", respondents=5, answers=10)
        >>> results.summary().index.tolist()
        ['majority', 'context K=3']
    """
    known = checked_known(known)
    if other is not None and known != KNOWN:
        raise SettingError(
            "known is about unseen respondents of the run's own survey, and another survey is given: leave one out"
        )
    sample = Sample(respondents, answers, check_whole("seed", seed, least=0, most=MAX_SEED))
    steered = lm if isinstance(lm, SteeredLM) else None
    model = lm.model if isinstance(lm, SteeredLM) else lm
    chosen = chosen_rows(rows, split.train, STEERED if steered else BASE if model else NOTHING)
    pilots = PILOTS if "new questions" in chosen else ()
    said: list[str] = []
    if other is None:
        found = list(evaluation_sets(embedder, split, known, pilots))
    else:
        found, said = other_survey_sets(embedder, split.train, other, seed)
    names = [at.name for at in found]
    if found and (strange := [name for name in sets or () if name not in names]):
        raise unknown("evaluation set", strange[0], names)
    found = [at for at in found if sets is None or at.name in sets]
    if not found:
        raise SettingError(
            "nothing was held out from this survey, so there is nothing to evaluate on: fit it without --use-everything"
        )
    if retest is not None:
        found = given_again(found, retest)
    measured_on = [replace(at, test=sample.of(at.test)) for at in found]
    of_protocol: dict[str, Metric] = {"accuracy": accuracy} if split.settings.protocol and other is None else {}
    reader = PromptReader(model, on_prompts) if model else None
    clusters = None if personas is None else as_personas(personas)
    methods = Methods(chosen, split.train, embedder, clusters, steered, reader, seed)
    if reader and (on_note or on_prompts) and not chosen.names.isdisjoint(PROMPTED):
        cost = reader.cost([(make, at.test) for at in measured_on for _, make in methods.prompted(at)], seed)
        if on_note:
            on_note(cost)
    measured: list[Row] = []
    for at in measured_on:
        again = None if retest is None else own_answer(at.test, retest)
        also = of_protocol if again is None else of_protocol | {SHARE_OF_RETEST: share_of(again)}
        for method, predict in methods.of(at):
            if on_row:
                on_row(at.name, method)
            measured += _measure(at.name, method, predict(), seed, also)
        if again is not None:
            rows_of_people = _measure(at.name, OWN_ANSWER, again, seed, of_protocol)
            measured += [row for row in rows_of_people if row.metric not in OF_PROBABILITIES]
    if not measured:
        raise SettingError(f"none of the rows {rows!r:.80} can be measured here: choose others")
    used = {"Predicted": other, "The same people's answers at another interview": retest}
    drawn = sample if sample.respondents or sample.answers else None
    return Results(
        split.survey.name,
        None if model is None else model.name,
        seed,
        versions(),
        tuple(measured),
        drawn,
        (*said, *_without_order(split.survey if other is None else other), *(reader.notes if reader else ())),
        disclosure(split, embedder, _in_words(lm), drawn, others={what: one for what, one in used.items() if one}),
    )


def _in_words(lm: SteeredLM | LanguageModel | None) -> str:
    """The language model in a sentence."""
    if isinstance(lm, SteeredLM):
        at = lm.attachment
        virtual = (
            f"{at.tokens} virtual token{'s' if at.tokens != 1 else ''}, {at.form} form, {at.placement} the question"
        )
        return f"Language model {lm.model.name}, frozen, steered by virtual tokens ({kind_of(lm.kind)}: {virtual})"
    return f"Language model {lm.name}, as it is" if lm else NO_MODEL


def _without_order(survey: Survey) -> list[str]:
    """A sentence on the questions that metrics over positions leave out, if there are any."""
    choices = [question for question in survey.questions if question.scale is None]
    nominal = sum(not question.ordinal for question in choices)
    if not nominal:
        return []
    return [
        f"{nominal} of {len(choices)} questions have options without an order: wasserstein and sd_ratio leave them out"
    ]


def _measure(split: str, method: str, predictions: Predictions, seed: int, also: Mapping[str, Metric]) -> Iterator[Row]:
    """Measure choices by the metrics for choices and numbers by those for numbers, then again with survey weights."""

    def measure_choices(choices: Predictions, weights: FloatArray | None = None) -> dict[str, FloatArray]:
        return measure(choices, weights) | {name: metric(choices, weights) for name, metric in also.items()}

    number = ~np.isnan(predictions.value)
    for rows, metrics in ((~number, measure_choices), (number, measure_numbers)):
        if not rows.any():
            continue
        part = predictions.where(rows)
        present = np.unique(part.respondent)
        for weighted in (False, True) if np.ptp(part.weight[present]) > 0 else (False,):
            for name, found in resampled(metrics, part, seed=seed, weighted=weighted).items():
                yield Row(split, method, name, *found.interval(), len(present), len(part), weighted)
