"""The evaluation protocol: every method measured on every evaluation set, with intervals, in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import MAX_SEED, PersonaSpaceError, SettingError, unknown
from personaspace.evaluation.disclosure import NO_MODEL, disclosure
from personaspace.evaluation.evaluation_sets import KNOWN, PILOTS, EvaluationSet, checked_known, evaluation_sets
from personaspace.evaluation.measures.averages import Metric
from personaspace.evaluation.measures.layout import PERSONAS
from personaspace.evaluation.measures.measuring import Measurements, Measuring, notes_of
from personaspace.evaluation.measures.metrics import accuracy
from personaspace.evaluation.measures.missing import notes_on_missing
from personaspace.evaluation.measures.noise_floor import NOISE_FLOOR, noise_floor
from personaspace.evaluation.other_survey import other_survey_sets
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.results import Results
from personaspace.evaluation.retest import (
    OF_PROBABILITIES,
    OWN_ANSWER,
    SHARE_OF_RETEST,
    given_again,
    own_answer,
    share_of,
)
from personaspace.evaluation.rows.choice import chosen_rows
from personaspace.evaluation.rows.costs import time_of_slow, time_to_fit
from personaspace.evaluation.rows.kinds import BASE, DEFAULT, NOTHING, ROWS, STEERED
from personaspace.evaluation.rows.methods import Methods
from personaspace.evaluation.rows.prompts import PromptReader
from personaspace.evaluation.sample import Sample
from personaspace.files import versions
from personaspace.persona.personas import Personas, PersonasLike, as_personas
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.protocols import OnStep, at_stage
from personaspace.steer.soft_prompts.registry import kind_of
from personaspace.steer.steered_lm import SteeredLM
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
    on_step: OnStep | None = None,
    on_note: Callable[[str], None] | None = None,
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
        rows: Names of rows (:func:`~personaspace.evaluation.rows.choice.chosen_rows`), in a list or with commas between
            them.
        respondents: Respondents drawn of each evaluation set, at most; ``None`` for all.
        answers: Answers drawn of theirs, at most; ``None`` for all.
        known: Numbers of known answers for unseen respondents.
        sets: Names of the evaluation sets that are measured, such as ``"held-out answers"``; all where not given.
        other: Another survey, which is measured in place of the split's own evaluation sets
            (:func:`~personaspace.evaluation.other_survey.other_survey_sets`).
        retest: The answers of the same people, by id, at another interview. All rows are measured on those answers that
            were given again; the row ``own answer, asked again`` says how consistent people are, and the metric
            ``share_of_retest`` is every row's macro accuracy over that.
        seed: Of the bootstrap, the sample, further cluster personas and boosted trees.
        on_step: Called with the progress: before each row of each evaluation set is measured, after every prompt, and
            while boosted trees or another embedder are fitted.
        on_note: Called with what takes long and how long, in a sentence, before the first row is measured.

    Returns:
        All measurements, with 95% bootstrap intervals over respondents; answers that are choices and answers that are
        numbers are measured apart, each by their own metrics.

    Raises:
        SettingError: The split holds nothing out to evaluate on, or the embedder was fitted on another survey; a row
            needs what is not there; ``known``, ``seed``, ``respondents`` or ``answers`` is outside what is allowed.
        UnknownNameError: There is no row, no trait, or no evaluation set, of a name.

    A row that cannot be measured on an evaluation set is left out there, and the notes of the results say why.

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
    found, said = _sets(embedder, split, known, PILOTS if "new questions" in chosen else (), sets, other, seed)
    if retest is not None:
        found = given_again(found, retest)
    tests: dict[int, Survey] = {}
    measured_on = [replace(at, test=tests.setdefault(id(at.test), sample.of(at.test))) for at in found]
    again = {} if retest is None else {at.name: own_answer(at.test, retest) for at in measured_on}
    of_protocol: dict[str, Metric] = {"accuracy": accuracy} if split.settings.protocol and other is None else {}
    reader = PromptReader(model, at_stage(on_step, "prompts")) if model else None
    clusters = None if personas is None else as_personas(personas)
    methods = Methods(chosen, split.train, embedder, clusters, steered, reader, seed, on_step)
    planned = [(at, method) for at in measured_on for method in methods.of(at)]
    if reader and any(ROWS[name].prompted for name in methods.rows.names) and (on_note or on_step):
        cost = reader.cost([(make, at.test) for at in measured_on for _, make in methods.prompted(at)], seed)
        if on_note:
            on_note(cost)
    if on_note:
        for name in methods.further:
            on_note(time_to_fit(name, embedder.seed, split.train))
        if slow := time_of_slow(planned, seed):
            on_note(slow)
    of_set = {at.name: _measuring(at, embedder, clusters, of_protocol, again.get(at.name), seed) for at in measured_on}
    measured: list[Measurements] = []
    predicted: dict[tuple[str, int, str], Predictions] = {}
    ahead = Counter(method.key(at) for at, method in planned)
    for number, (at, method) in enumerate(planned, start=1):
        if on_step:
            on_step("evaluation", number, len(planned), f"{at.name}: {method.name}")
        key = method.key(at)
        ahead[key] -= 1
        try:
            found_here = predicted.pop(key) if key in predicted else method.predict(at.test)
            measured.append(of_set[at.name].measure(method.name, found_here))
        except PersonaSpaceError as error:
            methods.cannot(method, at, error)
            continue
        if ahead[key]:
            predicted[key] = found_here
    if NOISE_FLOOR in chosen:
        measured += [Measurements(noise_floor(at.name, at.test, of_set[at.name].groupings, seed)) for at in measured_on]
    if not any(of.rows for of in measured):
        why = "; ".join(methods.notes[:1]) or f"they are not for {', '.join(of_set)}"
        raise SettingError(f"none of the rows {rows!r:.80} can be measured here: {why}")
    for name, own in again.items():
        measured.append(Measuring(name, {}, of_protocol, seed).measure(OWN_ANSWER, own).without(OF_PROBABILITIES))
    used = {"Predicted": other, "The same people's answers at another interview": retest}
    drawn = sample if sample.respondents or sample.answers else None
    results = Results(
        split.survey.name,
        None if model is None else model.name,
        seed,
        versions(),
        tuple(sorted((row for of in measured for row in of.rows), key=lambda row: row.of_groups)),
        drawn,
        (
            *said,
            *_without_order(split.survey if other is None else other),
            *notes_of(of_set.values()),
            *notes_on_missing(row for of in measured for row in of.rows),
            *methods.notes,
            *(reader.notes if reader else ()),
        ),
        disclosure(split, embedder, _in_words(lm), drawn, others={what: one for what, one in used.items() if one}),
        curves=tuple(curve for of in measured for curve in of.curves),
    )
    return results.with_differences([draws for of in measured for draws in of.draws])


def _measuring(
    at: EvaluationSet,
    embedder: Embedder,
    personas: Personas | None,
    also: Mapping[str, Metric],
    again: Predictions | None,
    seed: int,
) -> Measuring:
    """What measures the methods on an evaluation set: everybody, the groups of each trait, and the personas."""
    groupings = {str(trait): at.test.traits[trait] for trait in at.test.traits.columns}
    if personas is not None:
        groupings[PERSONAS] = pd.Series(personas.of(embedder, at.vectors))
    share = {} if again is None else {SHARE_OF_RETEST: share_of(again)}
    return Measuring(at.name, groupings, {**also, **share}, seed)


def _sets(
    embedder: Embedder,
    split: Split,
    known: Sequence[int],
    pilots: Sequence[int],
    names: Sequence[str] | None,
    other: Survey | None,
    seed: int,
) -> tuple[list[EvaluationSet], list[str]]:
    """The evaluation sets that are measured, and sentences on what another survey shares with the run's."""
    said: list[str] = []
    if other is None:
        found = list(evaluation_sets(embedder, split, known, pilots))
    else:
        found, said = other_survey_sets(embedder, split.train, other, seed)
    if not found:
        raise SettingError(
            "nothing was held out from this survey, so there is nothing to evaluate on: fit it without --use-everything"
        )
    by_name = {at.name: at for at in found}
    if strange := [name for name in names or () if name not in by_name]:
        raise unknown("evaluation set", strange[0], by_name)
    return [at for at in found if names is None or at.name in names], said


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
        f"{nominal} of {len(choices)} questions have options without an order: wasserstein, sd_ratio and "
        "correlation_slope leave them out"
    ]
