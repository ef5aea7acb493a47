"""``personaspace generate`` on a small steered run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.line import personaspace, succeed

CLUSTERS = {"cluster-1", "cluster-2", "cluster-3"}


def test_every_persona_writes_and_the_same_seed_writes_the_same(steered_run: Path) -> None:
    arguments = ("generate", steered_run, "Why?", "--max-new-tokens", "4", "--json")
    first, second = succeed(*arguments)["answers"], succeed(*arguments)["answers"]
    assert set(first) == CLUSTERS
    assert first == second
    assert first != succeed(*arguments, "--seed", "1")["answers"]


def test_prompts_samples_and_strength(steered_run: Path) -> None:
    short = ("--max-new-tokens", "4", "--temperature", "0", "--json")
    base = succeed("generate", steered_run, "Why?", *short, "--strength", "0")["answers"]
    assert set(base) == CLUSTERS
    assert base["cluster-1"] == base["cluster-2"]
    both = succeed("generate", steered_run, "Why?", "Who?", *short, "--samples", "2")["prompts"]
    assert [entry["prompt"] for entry in both] == ["Why?", "Who?"]
    assert all(len(texts) == 2 for entry in both for texts in entry["answers"].values())


def test_a_stream_adds_up_to_the_whole_texts(steered_run: Path) -> None:
    arguments = ("generate", steered_run, "Why?", "--max-new-tokens", "6", "--json")
    texts = dict.fromkeys(CLUSTERS, "")
    for line in succeed(*arguments, "--stream").splitlines():
        piece = json.loads(line)
        texts[piece["persona"]] += piece["text"]
    assert texts == succeed(*arguments)["answers"]
    assert "Why?  cluster-1" in succeed("generate", steered_run, "Why?", "--max-new-tokens", "3", "--stream")


def test_a_model_that_learned_letters_alone_says_so(steered_run: Path) -> None:
    noted = personaspace("generate", steered_run, "Why?", "--max-new-tokens", "3").stderr
    assert "learned option letters alone" in " ".join(noted.split())
