"""A small made-up corpus to make questions from."""

from __future__ import annotations

from random import Random

import pytest

from pretraining.source import Source, seeded_random

WORDS = (
    "amber", "basin", "cabin", "delta", "ember", "fable", "gavel", "hazel", "igloo", "jelly", "kayak", "ladle",
    "mango", "noble", "ocean", "panda", "quilt", "raven", "sable", "table", "under", "valve", "waltz", "zebra",
)  # fmt: skip


def made_up_documents(count: int = 40) -> list[str]:
    rng = seeded_random(7)
    return [
        " ".join(" ".join(rng.choices(WORDS, k=rng.randint(6, 12))).capitalize() + "." for _ in range(8))
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source.from_documents(made_up_documents())


@pytest.fixture
def rng() -> Random:
    return seeded_random(11)
