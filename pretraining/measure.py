"""Measure a model on held-out documents: ``python -m pretraining.measure FOLDER --corpus FILE``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from pretraining.corpus import read_documents, split_held_out
from pretraining.multiple_choice import Question, question_prompt
from pretraining.source import Source, seeded_random
from pretraining.tasks import TASKS


@dataclass(frozen=True)
class TextLoss:
    """Loss on plain text.

    Attributes:
        nats: Summed negative log-likelihood.
        tokens: Tokens predicted.
        bytes: Bytes of the text.
    """

    nats: float
    tokens: int
    bytes: int

    def __str__(self) -> str:
        loss = self.nats / self.tokens
        bits = self.nats / math.log(2.0) / self.bytes
        return f"{self.tokens} tokens: loss {loss:.3f}, perplexity {math.exp(loss):.1f}, bits per byte {bits:.3f}"


@torch.inference_mode()
def text_loss(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    documents: Sequence[str],
    length: int,
) -> TextLoss:
    """Sum the loss over documents, each token predicted once.

    Args:
        model: Causal language model.
        tokenizer: Its tokenizer.
        documents: Documents, each read after the begin-of-text token.
        length: Tokens predicted in a window; nothing is seen across windows.

    Returns:
        The summed loss with the number of tokens and bytes.
    """
    nats, tokens = 0.0, 0
    for document in documents:
        ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(document)["input_ids"]]])
        for start in range(0, ids.shape[1] - 1, length):
            window = ids[:, start : start + length + 1]
            logits = model(window[:, :-1]).logits[0].float()
            nats += functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
            tokens += window.shape[1] - 1
    return TextLoss(nats, tokens, sum(len(document.encode()) for document in documents))


@torch.inference_mode()
def answer(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, question: Question) -> int:
    """Give the index of the option whose label the model finds likeliest."""
    ids = tokenizer(question_prompt(question), return_tensors="pt")["input_ids"]
    shown = ascii_uppercase[: len(question.options)]
    labels = [tokenizer(f" {label}")["input_ids"][0] for label in shown]
    return int(model(ids).logits[0, -1, labels].argmax())


def main() -> None:
    """Print the loss on held-out text and the accuracy of every task beside chance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the model")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=500, help="questions of every task")
    parser.add_argument("--window", type=int, default=256, help="tokens of text seen at once")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    training, held_out = split_held_out(read_documents(arguments.corpus))
    tokenizer = AutoTokenizer.from_pretrained(arguments.folder)
    model = AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=torch.float32)
    print(text_loss(model, tokenizer, held_out, arguments.window))

    words = Source.from_documents(training)
    source = Source(held_out, words.ranked_words, words.ranks)
    print("| task | questions | chance | accuracy |\n| --- | ---: | ---: | ---: |")
    for name, (task, _) in TASKS.items():
        rng = seeded_random(f"{arguments.seed} {name}")
        asked = [task(source, rng) for _ in range(arguments.questions)]
        right = sum(answer(model, tokenizer, question) == question.answer for question in asked)
        chance = sum(1.0 / len(question.options) for question in asked)
        print(f"| {name} | {len(asked)} | {chance / len(asked):.3f} | {right / len(asked):.3f} |")


if __name__ == "__main__":
    main()
