"""Write the loadable half-precision model: ``python -m pretraining.export RUN FOLDER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from pretraining.checkpoint import Checkpoint, copy_weights
from pretraining.model import nano_config
from pretraining.pretrain import CHECKPOINT_FILE, TOKENIZER_FILE
from pretraining.tokenizer import loadable_tokenizer


def export(run: Path, folder: Path) -> None:
    """Write the model and tokenizer of a run so that ``from_pretrained`` loads them.

    Args:
        run: Folder of the checkpoint and tokenizer.
        folder: Folder to write to.
    """
    tokenizer = Tokenizer.from_file(str(run / TOKENIZER_FILE))
    config = nano_config(tokenizer)
    model = LlamaForCausalLM(config)
    copy_weights(Checkpoint.read(run / CHECKPOINT_FILE).weights, model)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    loadable_tokenizer(tokenizer, config.max_position_embeddings).save_pretrained(folder)


def main() -> None:
    """Export the run given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the checkpoint")
    parser.add_argument("folder", type=Path, help="folder to write the model to")
    arguments = parser.parse_args()
    export(arguments.run, arguments.folder)


if __name__ == "__main__":
    main()
