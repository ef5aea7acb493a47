"""The byte-level BPE tokenizer of nano."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from pretraining.corpus import END_OF_TEXT
from pretraining.multiple_choice import answered_question
from pretraining.source import Source, seeded_random
from pretraining.tasks import draw_question

VOCABULARY_SIZE = 8192


def _training_text(source: Source, documents: int, questions: int, seed: int) -> Iterator[str]:
    rng = seeded_random(seed)
    yield from source.documents[:documents]
    for _ in range(questions):
        yield answered_question(draw_question(source, rng))


def train_tokenizer(source: Source, seed: int, documents: int = 6000, questions: int = 5000) -> Tokenizer:
    """Train byte-level BPE on documents and multiple-choice questions.

    Args:
        source: Where the documents and questions come from.
        seed: Seed of the questions.
        documents: Number of documents to train on.
        questions: Number of questions to train on.

    Returns:
        The tokenizer.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_training_text(source, documents, questions, seed), trainer)
    return tokenizer


def loadable_tokenizer(tokenizer: Tokenizer, max_length: int) -> PreTrainedTokenizerFast:
    """Wrap a tokenizer so that ``AutoTokenizer`` can load it once saved."""
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=max_length,
    )


def label_tokens(tokenizer: Tokenizer, labels: Sequence[str]) -> list[int]:
    """Give the token of each answer label with its leading space.

    Raises:
        ValueError: If a label takes more than one token.
    """
    encoded = [tokenizer.encode(f" {label}").ids for label in labels]
    if any(len(ids) != 1 for ids in encoded):
        raise ValueError("an answer label takes more than one token")
    return [ids[0] for ids in encoded]
