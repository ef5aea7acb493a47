"""The pipeline on a run folder from the personas on: steer and evaluate; an interrupted training is resumed."""

from __future__ import annotations
import shutil
from dataclasses import asdict
from pathlib import Path
from personaspace.runs.run import CHECKPOINT, Run
from personaspace.errors import SettingError
from personaspace.evaluation.protocol import evaluate
from personaspace.evaluation.results import Results
from personaspace.runs.fit import OnStep, load_fitted
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.training.distributed import launched, own_device
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.training.metric_logs import JsonLines, MetricsLog, TensorBoard
from personaspace.steer.soft_prompts.base import SoftPromptSettings
from personaspace.steer.soft_prompts.registry import described
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings


def steer_run(
    run: Run,
    model: str,
    *,
    attachment: Attachment | None = None,
    soft_prompt: str | SoftPromptSettings = "informed",
    settings: TrainSettings | None = None,
    base: BaseSettings | None = None,
    device: str = "cpu",
    refusals: bool = False,
    tensorboard: bool = False,
    on_step: OnStep | None = None,
) -> SteeredLM:
    """Train the soft-prompting model of a fitted run; an interrupted training goes on where it was.

    Processes started together train together; the main one alone writes and reports.

    Args:
        run: A run with the stage ``personas``.
        model: Hub name, folder or ``nano``.
        attachment: Placement and form of the virtual tokens.
        soft_prompt: The soft-prompting model, by its name or by its settings.
        settings: How to train.
        base: How the model is loaded and spoken to.
        device: Where to run.
        refusals: Whether refusing is an outcome of its own.
        tensorboard: Whether TensorBoard's files are written beside ``metrics.jsonl``.
        on_step: Told about progress.

    Returns:
        The steered model.
    """
    attachment, settings = attachment or Attachment(), settings or TrainSettings()
    processes, fitted = launched(), load_fitted(run)
    base_model = LanguageModel.load(model, own_device(device), base)
    lm = SteeredLM(base_model, **asdict(attachment), soft_prompt=soft_prompt, settings=settings, refusals=refusals)

    def train(folder: Path) -> SteeredLM:
        def on_training(step: int, steps: int, loss: float, best: float) -> None:
            if on_step and processes.main:
                on_step("steering", step, steps, f"loss {loss:.3f}, best held-out loss {best:.3f}")

        lm.check(fitted.split.survey.questions)
        checkpoint = folder / CHECKPOINT / "training.safetensors"
        logs: list[MetricsLog] = [JsonLines(folder / "metrics.jsonl")]
        logs += [TensorBoard(folder / "tensorboard")] if tensorboard else []
        return lm.fit(fitted.split.train, fitted.space, checkpoint, on_training, logs)

    about = {
        "model": model,
        "fingerprint": lm.model.fingerprint,
        "base": asdict(lm.model.settings),
        "attachment": asdict(attachment),
        "soft_prompt": described(lm.kind),
        "settings": settings.identity(),
        "refusals": refusals,
    }
    after = ("survey", "embedding")
    if processes.main:
        run.stage("steer", about, after, lambda folder: train(folder).save(folder))
        shutil.rmtree(run.folder / "steer" / CHECKPOINT, ignore_errors=True)
    elif not run.current("steer", about, after):
        train(run.folder / "steer")
    processes.wait()
    return SteeredLM.load(run.folder / "steer", lm.model)


def load_steered(run: Run, device: str = "cpu") -> SteeredLM:
    """The steered model of a run; :class:`RunError` where there is none or it is out of date."""
    return SteeredLM.load(run.require("steer", f"steer {run.folder} --model nano"), device=device)


def evaluate_run(run: Run, *, seed: int = 0, device: str = "cpu", on_step: OnStep | None = None) -> Results:
    """Measure a run, steered or only fitted, on its evaluation sets, and write ``evaluation/results.json``.

    Raises:
        SettingError: The run was fitted on everything, so that nothing is left to evaluate on.
    """
    fitted = load_fitted(run)
    if all(value == 0 for name, value in asdict(fitted.split.settings).items() if name != "seed"):
        raise SettingError(
            f"{run.folder} was fitted with --use-everything: no answers were set apart to evaluate on; "
            "fit again without it"
        )
    lm = load_steered(run, device) if run.has("steer") else None
    done = 0

    def on_row(part: str, method: str) -> None:
        nonlocal done
        done += 1
        if on_step:
            on_step("evaluation", done, 0, f"{part}: {method}")

    def measure(folder: Path) -> None:
        results = evaluate(lm, fitted.space, fitted.split, fitted.personas, seed=seed, on_row=on_row)
        results.save(folder / "results.json")

    after = ("survey", "embedding", "personas", *(("steer",) if lm else ()))
    run.stage("evaluation", {"seed": seed}, after, measure)
    return Results.load(run.folder / "evaluation" / "results.json")
