"""Pretrain nano: ``python -m pretraining.pretrain --corpus FILE --minutes 65 --out FOLDER``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tokenizers import Tokenizer

from pretraining.batches import Batches
from pretraining.checkpoint import Checkpoint
from pretraining.corpus import read_documents, split_held_out
from pretraining.model import nano_config
from pretraining.source import Source
from pretraining.tokenizer import train_tokenizer
from pretraining.trainer import Schedule, StepResult, Trainer

CHECKPOINT_FILE = "checkpoint.safetensors"
TOKENIZER_FILE = "tokenizer.json"
ROW_LENGTH = 256
ROWS = 12
LABEL_WEIGHT = 10.0
CHECKPOINT_SECONDS = 120.0
REPORT_STEPS = 50


def _tokenizer(path: Path, source: Source, seed: int) -> Tokenizer:
    if not path.exists():
        train_tokenizer(source, seed).save(str(path))
    return Tokenizer.from_file(str(path))


def _run(trainer: Trainer, path: Path) -> None:
    saved = time.monotonic()
    results: list[StepResult] = []
    while not trainer.done:
        results.append(trainer.train_step())
        if trainer.step % REPORT_STEPS == 0:
            loss, label_accuracy = (sum(values) / len(values) for values in zip(*results, strict=True))
            print(
                f"step {trainer.step} seconds {trainer.elapsed:.0f} loss {loss:.3f} "
                f"label accuracy {label_accuracy:.3f}",
                flush=True,
            )
            results.clear()
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            trainer.checkpoint().write(path)
            saved = time.monotonic()
    trainer.checkpoint().write(path)


def main() -> None:
    """Train from the start, or from the checkpoint in the output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="training time in all")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--question-rows", type=int, default=6, help=f"of the {ROWS} rows in a batch")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    arguments.out.mkdir(parents=True, exist_ok=True)
    training, _ = split_held_out(read_documents(arguments.corpus))
    source = Source.from_documents(training)
    tokenizer = _tokenizer(arguments.out / TOKENIZER_FILE, source, arguments.seed)
    batches = Batches(
        source,
        tokenizer,
        length=ROW_LENGTH,
        text_rows=ROWS - arguments.question_rows,
        question_rows=arguments.question_rows,
        label_weight=LABEL_WEIGHT,
        seed=arguments.seed,
    )
    config = nano_config(tokenizer)
    trainer = Trainer(config, batches, Schedule(seconds=60.0 * arguments.minutes))
    checkpoint = arguments.out / CHECKPOINT_FILE
    if checkpoint.exists():
        trainer.resume(Checkpoint.read(checkpoint))
    _run(trainer, checkpoint)


if __name__ == "__main__":
    main()
