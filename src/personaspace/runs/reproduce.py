"""The stage ``reproduce`` of a run: the paper's tables and figures, for this survey and any language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from personaspace.errors import SettingError
from personaspace.evaluation.paper import HELD_OUT, KNOWN, beside, cells_of, markdown, published, rows_of_the_paper
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.files import write_text
from personaspace.profiles.profile import profile
from personaspace.reports.plots.paper import figures
from personaspace.reports.plots.plot import plot
from personaspace.runs.fit import OnStep
from personaspace.runs.fitted import FittedRun
from personaspace.runs.leftovers import CHECKPOINT
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.forward.attach import Attachment, Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.spreadsheet import write_csv

FORMS: tuple[Form, ...] = ("prefix", "prompt")
UNSEEN = tuple(f"unseen respondents K={k}" for k in KNOWN)


@dataclass(frozen=True)
class Effort:
    """How much is computed.

    Attributes:
        epochs: Passes over the answers in training, at most; published are 10.
        answers: Answers of each evaluation set that rows without prompts are measured on, at most.
        prompts: Answers that rows with a prompt for every answer are measured on, at most: the first of those.
        placement: Virtual tokens before the question, as published, or after it, where they cost a fraction.
    """

    epochs: float = 0.1
    answers: int = 2000
    prompts: int = 200
    placement: Placement = "after"


def reproduce_run(
    run: Run,
    model: str,
    effort: Effort | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    on_step: OnStep | None = None,
    on_note: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Train the published soft-prompting model in both forms, and measure every row of the paper's tables.

    The published model is a perceptron of 32 hidden units that makes one virtual token of a respondent's vector,
    trained by cross-entropy. Where the run has steered the same language model in its own way, that is a row
    too. Tables and figures are written to ``RUN/reproduce``; an interrupted run goes on where it was.

    Args:
        run: A fitted run.
        model: ``nano``, ``smollm2``, a hub name, a folder, or a ``.gguf`` file.
        effort: How much is computed.
        seed: Of training, samples and further cluster personas.
        device: Where the language model runs.
        on_step: Called with the progress.
        on_note: Called with what prompts will cost, in a sentence, before the first is read.

    Returns:
        Every figure, published and measured: ``table``, ``row``, ``column``, ``value``, ``low``, ``high``,
        ``respondents`` and ``answers``.

    Raises:
        RunError: The run is not fitted, or is damaged or out of date.
        SettingError: The run holds out no answers, or no respondents.
        ModelError: The model cannot be used, or training diverged.
    """
    effort, fitted = effort or Effort(), FittedRun.load(run)
    if not len(fitted.split.held_out_answers.answers) or not len(fitted.split.unseen_held_out.answers):
        raise SettingError(
            f"{run.folder} was fitted without held-out answers or without unseen respondents, which the tables need: "
            "fit it again with the default shares, without --use-everything or --protocol"
        )
    own = run.has("steer") and run.settings("steer").get("model") == model
    stages = ("survey", "embedding", "personas", *map(_stage, FORMS), *(("steer",) if own else ()))
    settings = {"model": model, "seed": seed, **asdict(effort)}
    if all(map(run.has, stages)) and run.current("reproduce", settings, stages):
        return pd.read_csv(run.folder / "reproduce" / "cells.csv")
    base = LanguageModel.load(model, device)
    published_form = {form: _published(run, base, model, form, effort, seed, on_step) for form in FORMS}

    def measure(folder: Path) -> None:
        measured = _Parts(fitted, folder / CHECKPOINT, seed, on_step, on_note)
        recipe = f"{model}, published recipe"
        cells: list[pd.DataFrame] = []
        for form, lm in published_form.items():
            rows = rows_of_the_paper(list(map(str, fitted.split.train.traits))) if form == "prefix" else ["individual"]
            baselines = ["majority", "embedder-alone"] if form == "prefix" else []
            several = (
                measured.part(form, lm, rows, effort.answers, (HELD_OUT,)),
                measured.part(f"{form}-unseen", lm, ["individual", *baselines], effort.answers, UNSEEN),
            )
            cells += [cells_of(results, recipe, form) for results in several]
        prompted = ["raw-question", "context", *(["demographics"] if len(fitted.split.train.traits.columns) else [])]
        results = measured.part("prompts", published_form["prefix"], prompted, effort.prompts, (HELD_OUT,))
        cells.append(cells_of(results, recipe, ""))
        if own:
            lm = fitted.steered_lm(device, base)
            name, form = f"{model}, steered as in this run", lm.attachment.form
            rows = ["individual", "clusters", *(["question-prior"] if lm.prior_ else [])]
            cells += [
                cells_of(measured.part("own", lm, rows, effort.answers, (HELD_OUT,)), name, form),
                cells_of(measured.part("own-unseen", lm, ["individual"], effort.answers, UNSEEN), name, form),
            ]
        found = beside(published(), pd.concat(cells, ignore_index=True))
        _write(folder, found, fitted, results.disclosure, effort)

    run.stage("reproduce", settings, stages, measure)
    return pd.read_csv(run.folder / "reproduce" / "cells.csv")


def _stage(form: str) -> str:
    return f"paper-{form}"


def _published(
    run: Run, base: LanguageModel, model: str, form: Form, effort: Effort, seed: int, on_step: OnStep | None
) -> SteeredLM:
    """The published soft-prompting model in one form, trained where it is not yet."""
    settings = TrainSettings(effort.epochs, learning_rate=1e-3, words=0, seed=seed)
    attachment = Attachment(effort.placement, form, tokens=1)
    return steer_run(
        run,
        model,
        attachment=attachment,
        soft_prompt="mlp",
        settings=settings,
        loaded=base,
        stage=_stage(form),
        on_step=on_step,
    )


@dataclass(frozen=True)
class _Parts:
    """The evaluations that the tables are made of, each kept in a folder until all are done."""

    fitted: FittedRun
    folder: Path
    seed: int
    on_step: OnStep | None
    on_note: Callable[[str], None] | None

    def part(self, name: str, lm: SteeredLM, rows: Sequence[str], answers: int, sets: Sequence[str]) -> Results:
        """Measure some rows on some evaluation sets, or read what was measured before the interruption."""
        path = self.folder / f"{name}.json"
        if path.exists():
            return Results.load(path)

        def on_step(stage: str, done: int, of: int, note: str) -> None:
            if self.on_step:
                self.on_step(f"reproduce: {name}" if stage == "evaluation" else stage, done, of, note)

        results = evaluate(
            lm,
            self.fitted.embedder,
            self.fitted.split,
            self.fitted.personas,
            rows=rows,
            answers=answers,
            known=KNOWN,
            sets=sets,
            seed=self.seed,
            on_step=on_step,
            on_note=self.on_note,
        )
        results.save(path)
        return results


def _write(folder: Path, cells: pd.DataFrame, fitted: FittedRun, told: dict[str, str], effort: Effort) -> None:
    """Write tables and figures."""
    write_csv(folder / "cells.csv", cells)
    of_how_many = (
        f"Passes over the training answers: {effort.epochs:g} (published: up to 10), virtual tokens {effort.placement} "
        f"the question (published: before); at most {effort.answers:,} answers of each evaluation set, "
        f"{effort.prompts:,} for rows with a prompt. Published figures are of fifteen waves and "
        "another embedder"
    )
    write_text(folder / "tables.md", markdown(cells, {"Effort": of_how_many, **told}))
    pictures = figures(cells)
    if len(fitted.split.train.traits.columns):
        pictures["composition"] = plot(profile(fitted.personas, fitted.split.train))
    for name, picture in pictures.items():
        for suffix in ("svg", "png"):
            picture.save(folder / f"{name}.{suffix}")
