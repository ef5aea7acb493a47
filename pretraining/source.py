"""The text that questions are made from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pretraining.corpus import sentences, words, words_by_frequency

NEIGHBOURING_RANKS = 200


def seeded_random(seed: int | str) -> random.Random:
    """Make the random generator of a seed."""
    return random.Random(seed)  # noqa: S311


@dataclass(frozen=True)
class Source:
    """Text that questions are made from.

    Attributes:
        documents: Documents to take sentences from.
        ranked_words: Words, the most frequent first.
        ranks: Position of each word in ``ranked_words``.
    """

    documents: Sequence[str]
    ranked_words: Sequence[str]
    ranks: dict[str, int]

    @classmethod
    def from_documents(cls, documents: Sequence[str], counted: int = 2000) -> Source:
        """Rank the words of the first ``counted`` documents."""
        ranked = words_by_frequency(documents[:counted])
        return cls(documents, ranked, {word: rank for rank, word in enumerate(ranked)})

    def passage(self, rng: random.Random, length: int = 1) -> list[str]:
        """Draw ``length`` consecutive sentences of one document."""
        while True:
            document = rng.choice(self.documents)
            start = rng.randrange(max(1, len(document) - 1000))
            found = sentences(document[start : start + 2000])[1:]
            if len(found) >= length:
                first = rng.randrange(len(found) - length + 1)
                return found[first : first + length]

    def similar_words(self, rng: random.Random, word: str, count: int, excluded: set[str]) -> list[str]:
        """Draw words about as frequent as ``word``, none of them in ``excluded``."""
        rank = self.ranks[word]
        near = self.ranked_words[max(0, rank - NEIGHBOURING_RANKS) : rank + NEIGHBOURING_RANKS]
        return rng.sample([other for other in near if other not in excluded], count)

    def known_words(self, text: str) -> list[str]:
        """List the different ranked words of a text, in order."""
        return [word for word in dict.fromkeys(words(text)) if word in self.ranks]

    def passage_with_words(self, rng: random.Random, fewest: int, length: int = 1) -> tuple[str, list[str]]:
        """Draw a passage that holds at least ``fewest`` ranked words."""
        while True:
            text = " ".join(self.passage(rng, length))
            known = self.known_words(text)
            if len(known) >= fewest:
                return text, known
