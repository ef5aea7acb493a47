"""The stage ``evaluation`` of a run: every method on every evaluation set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from personaspace.errors import SettingError
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.runs.fit import OnStep
from personaspace.runs.fitted import FittedRun
from personaspace.runs.run import Run


def evaluate_run(run: Run, *, seed: int = 0, device: str = "cpu", on_step: OnStep | None = None) -> Results:
    """Measure a run, steered or only fitted, on its evaluation sets, and write ``evaluation/results.json``.

    Args:
        run: A fitted run.
        seed: Of the bootstrap.
        device: Where the language model runs.
        on_step: Called with the progress.

    Returns:
        The table of results.

    Raises:
        RunError: The run is not fitted, or is damaged or out of date.
        SettingError: The run was fitted on everything, so that nothing is left to evaluate on.
    """
    fitted = FittedRun.load(run)
    if all(value == 0 for name, value in asdict(fitted.split.settings).items() if name != "seed"):
        raise SettingError(
            f"{run.folder} was fitted with --use-everything: no answers were set apart to evaluate on; "
            "fit again without it"
        )
    lm = fitted.steered_lm(device) if run.has("steer") else None
    done = 0

    def on_row(part: str, method: str) -> None:
        nonlocal done
        done += 1
        if on_step:
            on_step("evaluation", done, 0, f"{part}: {method}")

    def measure(folder: Path) -> None:
        results = evaluate(lm, fitted.embedder, fitted.split, fitted.personas, seed=seed, on_row=on_row)
        results.save(folder / "results.json")

    after = ("survey", "embedding", "personas", *(("steer",) if lm else ()))
    run.stage("evaluation", {"seed": seed}, after, measure)
    return Results.load(run.folder / "evaluation" / "results.json")
