"""Reading the corpus: documents, their held-out share, sentences and words."""

from __future__ import annotations

import lzma
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

END_OF_TEXT = "<|endoftext|>"
HELD_OUT_EVERY = 100

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])|\n+")
_WORD = re.compile(r"[A-Za-z]+")


def read_documents(path: Path) -> list[str]:
    """Read the documents of a corpus file.

    Args:
        path: Text file, optionally compressed with xz, whose documents are
            separated by a line ``<|endoftext|>``.

    Returns:
        The documents in the order of the file, without empty ones.
    """
    raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    documents = (document.strip() for document in raw.decode("utf-8").split(END_OF_TEXT))
    return [document for document in documents if document]


def split_held_out(documents: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split documents into those to train on and the one in a hundred held out.

    Args:
        documents: All documents, in a fixed order.

    Returns:
        The training documents and the held-out documents.
    """
    training = [text for index, text in enumerate(documents) if index % HELD_OUT_EVERY]
    return training, list(documents[::HELD_OUT_EVERY])


def sentences(text: str, fewest: int = 5, most: int = 30) -> list[str]:
    """Split text into sentences of a usable length.

    Args:
        text: A document.
        fewest: Fewest words of a sentence kept.
        most: Most words of a sentence kept.

    Returns:
        The sentences in order; shorter and longer ones are left out.
    """
    pieces = (" ".join(piece.split()) for piece in _SENTENCE_END.split(text))
    return [piece for piece in pieces if fewest <= len(piece.split()) <= most]


def words(text: str) -> list[str]:
    """List the words of a text in order, letters only."""
    return _WORD.findall(text)


def words_by_frequency(documents: Iterable[str], fewest: int = 5) -> list[str]:
    """Rank lower-case words by how often they occur.

    Args:
        documents: Documents to count in.
        fewest: Fewest occurrences of a word kept.

    Returns:
        Words of three letters or more, the most frequent first.
    """
    counts = Counter(word for text in documents for word in words(text) if word.islower())
    return [word for word, count in counts.most_common() if count >= fewest and len(word) >= 3]
