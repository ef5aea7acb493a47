"""The stage ``steer`` of a run: the soft-prompting model is trained, and an interrupted training is resumed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from personaspace.runs.fitted import FittedRun
from personaspace.runs.leftovers import CHECKPOINT
from personaspace.runs.run import Run
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.protocols import OnStep
from personaspace.steer.soft_prompts.base import SoftPromptSettings
from personaspace.steer.soft_prompts.registry import described
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.distributed import launched, own_device
from personaspace.steer.training.metric_logs import JsonLines, MetricsLog, TensorBoard
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
    stage: str = "steer",
    loaded: LanguageModel | None = None,
    on_step: OnStep | None = None,
) -> SteeredLM:
    """Train the soft-prompting model of a fitted run; an interrupted training goes on where it was.

    Processes that were launched together train together; only the main one writes and reports.

    Args:
        run: A run with the stage ``personas``.
        model: ``nano``, ``smollm2``, a hub name, a folder, or a ``.gguf`` file.
        attachment: Placement and form of the virtual tokens.
        soft_prompt: The soft-prompting model, by its name or by its settings.
        settings: How to train.
        base: Precision, quantization and chat template of the base model.
        device: Where to run.
        refusals: Whether refusing is an outcome of its own.
        tensorboard: Whether TensorBoard's files are written beside ``metrics.jsonl``.
        stage: The stage of the run that it is trained as.
        loaded: The base model, where it is loaded already.
        on_step: Called with the progress.

    Returns:
        The steered model.

    Raises:
        RunError: The run is not fitted, or is damaged or out of date.
        ModelError: The model cannot be used, a question does not fit its context, or training diverged.
    """
    attachment, settings = attachment or Attachment(), settings or TrainSettings()
    processes = launched()
    on_step = on_step if processes.main else None
    if on_step:
        on_step("loading", 0, 1, model)
    fitted = FittedRun.load(run)
    base_model = loaded or LanguageModel.load(model, own_device(device), base)
    if on_step:
        on_step("loading", 1, 1, model)
    lm = SteeredLM(base_model, **asdict(attachment), soft_prompt=soft_prompt, settings=settings, refusals=refusals)

    def train(folder: Path) -> SteeredLM:
        lm.check(fitted.split.survey.questions)
        checkpoint = folder / CHECKPOINT / "training.safetensors"
        logs: list[MetricsLog] = [JsonLines(folder / "metrics.jsonl")]
        logs += [TensorBoard(folder / "tensorboard")] if tensorboard else []
        return lm.fit(fitted.split.train, fitted.embedder, checkpoint, on_step, logs)

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
        run.stage(stage, about, after, lambda folder: train(folder).save(folder))
    elif not run.current(stage, about, after):
        train(run.unfinished(stage, about, after))
    processes.wait()
    return SteeredLM.load(run.folder / stage, lm.model)
