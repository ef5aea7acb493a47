"""``personaspace steer``: train the soft-prompting model of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, RunFolder, Seed
from personaspace.commands.printing import print_json, say


def steer(
    run: RunFolder,
    model: Annotated[str, typer.Option(help="'nano', 'smollm2', a hub name, a folder, or a .gguf file.")] = "nano",
    form: Annotated[str, typer.Option(help="prefix (keys and values) or prompt (input embeddings).")] = "prefix",
    placement: Annotated[str, typer.Option(help="Virtual tokens before or after the question.")] = "after",
    soft_prompt: Annotated[
        str, typer.Option(help="informed, question-aware, transformer, linear, or mlp as published.")
    ] = "informed",
    init: Annotated[str, typer.Option(help="Virtual tokens before training: default, zero or text.")] = "default",
    init_text: Annotated[str, typer.Option(help="The text to start from, of as many tokens as --tokens.")] = "",
    tokens: Annotated[int, typer.Option(help="Number of virtual tokens.")] = 2,
    epochs: Annotated[float, typer.Option(help="Passes over the answers, at most; 0.1 is a tenth of one.")] = 2,
    learning_rate: Annotated[float, typer.Option(help="AdamW's learning rate.")] = 2e-3,
    words: Annotated[
        float, typer.Option(help="Share of the questions that a chat model also learns to answer in words.")
    ] = 0.25,
    batch: Annotated[int, typer.Option(help="Respondents per pass, at most; less memory, same result.", min=1)] = 256,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Also write a TensorBoard log.")] = False,
    refusals: Annotated[bool, typer.Option("--refusals", help="Train refusing as an outcome of its own.")] = False,
    dtype: Annotated[str, typer.Option(help="Precision of the base model: float32, bfloat16 or float16.")] = "float32",
    quantize: Annotated[str, typer.Option(help="Weights of the base model: none, 8bit or 4bit.")] = "none",
    chat: Annotated[str, typer.Option(help="Ask in the chat template: auto (if there is one), yes, no.")] = "auto",
    recompute: Annotated[bool, typer.Option(help="Compute activations again: less memory, more time.")] = False,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Train the soft-prompting model that steers a frozen language model.

    Example: personaspace steer runs/opinionqa --model smollm2

    Several processes: accelerate launch --num_processes 2 -m personaspace steer runs/opinionqa --device cuda
    """
    from personaspace.console import Reporter
    from personaspace.runs.run import Run
    from personaspace.runs.steer import steer_run
    from personaspace.steer.forward.attach import Attachment
    from personaspace.steer.model.loading import BaseSettings
    from personaspace.steer.model.sources import NANO
    from personaspace.steer.soft_prompts.registry import soft_prompt_settings
    from personaspace.steer.training.distributed import launched
    from personaspace.steer.training.settings import TrainSettings
    from personaspace.steer.training.trainer import loss_of

    with Reporter() as reporter:
        if model == NANO and launched().main:
            reporter.say(
                "base model: nano, which ships with the package and knows little; --model smollm2 is a real one"
            )
        lm = steer_run(
            Run.open(run),
            model,
            attachment=Attachment(placement, form, tokens),  # type: ignore[arg-type]
            soft_prompt=soft_prompt_settings(soft_prompt, init=init, init_text=init_text),
            settings=TrainSettings(epochs, learning_rate, words=words, batch=batch, seed=seed),
            base=BaseSettings(dtype, quantize, chat, recompute),  # type: ignore[arg-type]
            device=device,
            refusals=refusals,
            tensorboard=tensorboard,
            on_step=reporter.step,
        )
    if not launched().main:
        return
    best = min(lm.history_, key=loss_of)
    if as_json:
        print_json({"run": str(run), "model": model, "best": best})
    else:
        say(
            f"steered {model}: best validation loss {best['log_loss']:.3f}, accuracy {best['accuracy']:.3f}, "
            f"step {best['step']:.0f}; written to {run / 'steer'}"
        )
