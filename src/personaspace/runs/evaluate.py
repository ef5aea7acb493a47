"""The stage ``evaluation`` of a run: every method on every evaluation set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from personaspace.errors import SettingError
from personaspace.evaluation.evaluation_sets import KNOWN, checked_known
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.evaluation.rows.choice import chosen_rows
from personaspace.evaluation.rows.kinds import BASE, DEFAULT, NOTHING, STEERED
from personaspace.evaluation.sample import Sample
from personaspace.runs.fit import OnStep
from personaspace.runs.fitted import FittedRun
from personaspace.runs.run import Run
from personaspace.steer.model.language_model import LanguageModel
from personaspace.survey.storage import digest
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class Measured:
    """What is measured, and where the results go.

    Attributes:
        rows: Names of rows, with commas between them; see :func:`~personaspace.evaluation.rows.choice.chosen_rows`.
        respondents: Respondents drawn of each evaluation set, at most; ``None`` for all.
        answers: Answers drawn of theirs, at most; ``None`` for all.
        model: A language model to measure as it is, in place of the one that the run steered.
        known: Numbers of known answers for unseen respondents.
        other: Another survey, measured in place of the run's own evaluation sets.
        retest: The same people's answers at another interview.
    """

    rows: str = DEFAULT
    respondents: int | None = None
    answers: int | None = None
    model: str | None = None
    known: tuple[int, ...] = KNOWN
    other: Survey | None = None
    retest: Survey | None = None

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Those that are not the default ones, surveys by their digests."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given |= {name: digest(value) for name, value in given.items() if isinstance(value, Survey)}
        changed = {name: value for name, value in given.items() if value not in (None, DEFAULT, KNOWN)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}

    @property
    def stage(self) -> str:
        """The stage of the results: the run's own table stays when anything else than the default is measured.

        Example:
            >>> Measured().stage, Measured(answers=100).stage
            ('evaluation', 'rows')
        """
        return "rows" if self.settings else "evaluation"


def evaluate_run(
    run: Run,
    what: Measured | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    base: LanguageModel | None = None,
    on_step: OnStep | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Results:
    """Measure a run, steered or only fitted, on its evaluation sets, and write ``results.json``.

    Args:
        run: A fitted run.
        what: Rows, sample and model; the run's own table where not given.
        seed: Of the bootstrap, the sample, further cluster personas and boosted trees.
        device: Where the language model runs.
        base: The base model of the run's steered model, where it is loaded already.
        on_step: Called with the progress.
        on_note: Called with what takes long and how long, in a sentence, before the first row is measured.

    Returns:
        The table of results.

    Raises:
        RunError: The run is not fitted, or is damaged or out of date.
        SettingError: The run was fitted on everything, so that nothing is left to evaluate on; or a setting, or the
            need of a row, is outside what is allowed.
        UnknownNameError: There is no row, trait or model of a name.
    """
    what, fitted = what or Measured(), FittedRun.load(run)
    checked_known(what.known)
    if what.other is None and fitted.split.settings.nothing_held_out:
        raise SettingError(
            f"{run.folder} was fitted with --use-everything: no answers were set apart to evaluate on; "
            "fit again without it"
        )
    sample = Sample(what.respondents, what.answers, seed)
    steered = run.has("steer") and what.model is None
    chosen_rows(what.rows, fitted.split.train, STEERED if steered else BASE if what.model else NOTHING)
    lm = LanguageModel.load(what.model, device) if what.model else fitted.steered_lm(device, base) if steered else None

    def measure(folder: Path) -> None:
        results = evaluate(
            lm,
            fitted.embedder,
            fitted.split,
            fitted.personas,
            rows=what.rows,
            respondents=sample.respondents,
            answers=sample.answers,
            known=what.known,
            other=what.other,
            retest=what.retest,
            seed=seed,
            on_step=on_step,
            on_note=on_note,
        )
        results.save(folder / "results.json")

    after = ("survey", "embedding", "personas", *(("steer",) if steered else ()))
    run.stage(what.stage, {"seed": seed, **what.settings}, after, measure)
    return Results.load(run.folder / what.stage / "results.json")
