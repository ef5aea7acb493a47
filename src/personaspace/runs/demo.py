"""The demonstration: the whole pipeline on a simulated survey, stage by stage."""

from __future__ import annotations

from pathlib import Path

from personaspace.console import Reporter, show_bars, show_texts
from personaspace.evaluation.results import Results
from personaspace.runs.evaluate import evaluate_run
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from personaspace.survey.split import SplitSettings

QUESTION = "Should the town spend more on parks and libraries?"
OPTIONS = ("Much more", "Somewhat more", "About the same", "Less")
PROMPT = "What worries you most about the future?"


def run_demo(out: str | Path, seed: int = 0, show: bool = True) -> Results:
    """Simulate a survey, fit it, steer ``nano``, evaluate, and ask a question that nobody was asked.

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
        lm = steer_run(run, "nano", settings=TrainSettings(epochs=8, seed=seed), on_step=reporter.step)
        reporter.say("4 steering   nano is frozen; only the soft-prompting model was trained")
        results = evaluate_run(run, seed=seed, on_step=reporter.step)
        reporter.say("5 evaluation done")
    if show:
        show_bars(lm.ask(QUESTION, OPTIONS, fitted.personas), f"Nobody was asked: {QUESTION}")
        texts = lm.generate(PROMPT, fitted.personas, max_new_tokens=24, seed=seed)
        show_texts(texts, f"In words (nano is tiny): {PROMPT}")
    return results
