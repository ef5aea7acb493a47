"""The report of a run: what its stages hold and what is computed from them, gathered for one page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TypeVar

import pandas as pd

from personaspace.errors import PersonaSpaceError, SettingError, one_line
from personaspace.evaluation.disclosure import NO_MODEL, disclosure
from personaspace.files import user_path, write_text
from personaspace.profiles.explained_variance import explained_variance
from personaspace.profiles.profile import profile
from personaspace.reports.page import page
from personaspace.reports.story import HeldOutQuestion, Missing, Story, Words
from personaspace.runs.fit import OnStep, map_run
from personaspace.runs.fitted import FittedRun, open_run
from personaspace.runs.held_out_question import ask_held_out, most_answered

T = TypeVar("T")

FIT = "fit SURVEY --out RUN"
PARTS = 6
STAGES = {"fitted": "embedding", "steered": "steer", "evaluated": "evaluation"}
"""By what was done, the stage that tells when."""

FRAME = '<iframe title="Report" srcdoc="{}" sandbox="allow-scripts allow-downloads" style="{}"></iframe>'
STYLE = "width: 100%; height: 80vh; border: 1px solid #ddd"


@dataclass(frozen=True)
class Report:
    """A report as one HTML page, which shows itself in notebooks.

    Attributes:
        html: The page.
    """

    html: str

    def __repr__(self) -> str:
        return f"Report({len(self.html.encode()) / 1e6:.1f} MB; save it by .save('report.html'))"

    def _repr_html_(self) -> str:
        return FRAME.format(escape(self.html), STYLE)

    def save(self, path: str | Path) -> None:
        """Write the page to a file.

        Raises:
            RunError: The file cannot be written.
        """
        write_text(user_path(path), self.html)


def report(
    run: FittedRun | str | Path,
    *,
    individuals: bool = True,
    words: bool = False,
    seed: int = 0,
    device: str = "cpu",
    on_step: OnStep | None = None,
) -> Report:
    """Tell the story of a fitted run on one HTML page, which needs no network and no other file.

    It shows what was asked of whom, the map, a card per persona, the questions that separate personas, how their number
    was chosen, explained variance beside demographic groups, how well answers are predicted, a question that was held
    out before and after a pilot, and the limits. Of what the run lacks, such as an evaluation, it says which command
    makes it. The map is kept in the run folder; nothing else is written.

    Args:
        run: A fitted run, or its folder.
        individuals: Whether the page holds, without ids, the traits and some answers of each respondent on the map, by
            which the map can be coloured.
        words: Whether the steered model says an answer of each persona to the held-out question; it is loaded then.
        seed: Of the map, of intervals by resampling, and of generated words.
        device: Where the language model runs.
        on_step: Called with the progress.

    Returns:
        The page, to be saved or shown in a notebook.

    Raises:
        RunError: It is no fitted run, or what it holds is damaged.

    Example:
        >>> import tempfile
        >>> import personaspace as ps
        >>> from personaspace.runs.fit import fit_run
        >>> from personaspace.runs.run import Run
        >>> folder = tempfile.mkdtemp()
        >>> _ = fit_run(Run.create(folder), ps.simulate(respondents=60, seed=0), embedder="factorization", personas=2)
        >>> "<h2>The personas</h2>" in ps.report(folder).html
        True
    """
    fitted = run if isinstance(run, FittedRun) else open_run(run)
    return Report(page(story_of(fitted, individuals, words, seed, device, on_step)))


def story_of(
    fitted: FittedRun,
    individuals: bool = True,
    words: bool = False,
    seed: int = 0,
    device: str = "cpu",
    on_step: OnStep | None = None,
) -> Story:
    """Gather what a report shows; see :func:`report`."""
    done = 0

    def part(name: str, make: Callable[[], T], command: str = "") -> T | Missing:
        """A part, or why there is none and the command that makes it."""
        nonlocal done
        done += 1
        if on_step:
            on_step("report", done, PARTS, name)
        return made_or_missing(fitted, make, command)

    held_out = part("new question", lambda: ask_held_out(fitted, most_answered(fitted)), FIT)
    return Story(
        split=fitted.split,
        personas=fitted.personas,
        profile=part("profile", lambda: profile(fitted.personas, fitted.split.train)),
        map=part("map", lambda: map_run(fitted, seed=seed)),
        variance=part("variance", lambda: _variance(fitted, seed), FIT),
        results=part("evaluation", fitted.results, "evaluate RUN"),
        rows=made_or_missing(fitted, lambda: fitted.results("rows")),
        held_out=held_out,
        words=part("words", lambda: _words(fitted, held_out, words, device, seed), _wording(fitted)),
        made=_made(fitted, seed),
        individuals=individuals,
    )


def made_or_missing(fitted: FittedRun, make: Callable[[], T], command: str = "") -> T | Missing:
    """A part of a page; or why the run lacks it, and the command that makes it."""
    try:
        return make()
    except PersonaSpaceError as error:
        return Missing(_sentence(error, fitted.run.folder), command)


def _sentence(error: PersonaSpaceError, folder: Path) -> str:
    """An error as a sentence of a page that others read, so without the place of the run folder."""
    told = one_line(error).replace(str(folder), "RUN")
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."


def _variance(fitted: FittedRun, seed: int) -> pd.DataFrame:
    return explained_variance(
        fitted.embedder, fitted.split, fitted.personas, seed=seed, method=fitted.clustering_method
    )


def _words(fitted: FittedRun, asked: HeldOutQuestion | Missing, wanted: bool, device: str, seed: int) -> Words:
    """What the steered model says to the held-out question."""
    if isinstance(asked, Missing):
        raise SettingError("no question was held out to which a language model could say an answer")
    if not fitted.run.has("steer"):
        raise SettingError("no language model has been steered to these personas")
    if not wanted:
        raise SettingError("a language model has been steered to these personas; it was not asked to say anything here")
    question, lm = asked.question, fitted.steered_lm(device)
    options = [option.text for option in question.options]
    return Words(question, lm.model.name, lm.answer_in_words(question.text, options, fitted.personas, seed=seed))


def _wording(fitted: FittedRun) -> str:
    """The command that makes a page with words."""
    return "report RUN --words" if fitted.run.has("steer") else "steer RUN --model smollm2"


def _made(fitted: FittedRun, seed: int) -> dict[str, str]:
    """What is disclosed of the run, and how it was made."""
    stages, stage = fitted.run.manifest.stages, fitted.run.manifest.stages["personas"]
    dates = {name: stages[done].when for name, done in STAGES.items() if fitted.run.has(done) and stages[done].when}
    when = ", ".join(f"{name} {day}" for name, day in dates.items()) or "Not recorded"
    packages = ", ".join(f"{name} {version}" for name, version in stage.versions.items())
    return {
        **disclosure(fitted.split, fitted.embedder, _model(fitted), when=when[:1].upper() + when[1:]),
        "Personas": f"{fitted.clustering_method} on expected answers; number: {stage.settings.get('k', 'not known')}",
        "Seeds": f"split and fit {fitted.split.settings.seed}, this page {seed}",
        "Versions": packages,
    }


def _model(fitted: FittedRun) -> str:
    """The language model of the run in a sentence, from what the run's manifest holds."""
    if not fitted.run.has("steer"):
        return NO_MODEL
    return f"Language model {fitted.run.settings('steer').get('model', 'not known')}, frozen and steered"
