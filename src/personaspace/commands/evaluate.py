"""``personaspace evaluate``: measure a run and every baseline."""

from __future__ import annotations

from personaspace.commands.options import AsJson, Device, RunFolder, Seed
from personaspace.commands.printing import print_results


def evaluate(run: RunFolder, device: Device = "cpu", seed: Seed = 0, as_json: AsJson = False) -> None:
    """Measure a run beside every baseline, with 95% bootstrap intervals.

    Example: personaspace evaluate runs/opinionqa
    """
    from personaspace.console import Reporter
    from personaspace.runs.evaluate import evaluate_run
    from personaspace.runs.run import Run

    with Reporter() as reporter:
        results = evaluate_run(Run.open(run), seed=seed, device=device, on_step=reporter.step)
    print_results(results, run, as_json)
