"""``personaspace generate`` on a small steered run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.training.settings import TrainSettings
from tests.commands.line import fail, personaspace, succeed
from tests.steer.generation.tiny_chat import tiny_chat

CLUSTERS = {"cluster-1", "cluster-2", "cluster-3"}
ASKED = ("More?", "--option", "Yes", "--option", "No", "--max-new-tokens", "4")


@pytest.fixture(scope="module")
def chat_run(fitted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Steered by a tiny model with a chat template."""
    folder = tmp_path_factory.mktemp("chat")
    with pytest.MonkeyPatch.context() as patched:
        model = tiny_chat(patched)
        model.model.save_pretrained(folder / "model")
        model.tokenizer.save_pretrained(folder / "model")
        run = Run.open(shutil.copytree(fitted_run, folder / "run"))
        steer_run(run, str(folder / "model"), settings=TrainSettings(epochs=1, words=0))
        yield run.folder


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


def test_with_options_personas_answer_first_and_then_say_it(chat_run: Path) -> None:
    done = personaspace("generate", chat_run, *ASKED, "--json")
    assert not done.stderr, "the base model writes, so that it learned no words is no matter"
    answers = json.loads(done.stdout)["answers"]
    assert set(answers) == CLUSTERS
    assert all(set(one) == {"answer", "text"} and one["answer"] in ("Yes", "No") for one in answers.values())
    several = succeed("generate", chat_run, *ASKED, "--samples", "3", "--json")["answers"]
    assert {name: samples[0] for name, samples in several.items()} == answers
    assert [len(samples) for samples in several.values()] == [3, 3, 3]
    both = succeed("generate", chat_run, "Less?", *ASKED, "--json")["prompts"]
    assert [entry["prompt"] for entry in both] == ["Less?", "More?"]
    assert both[1]["answers"] == answers


def test_answers_are_shown_with_their_sentences(chat_run: Path) -> None:
    answers = succeed("generate", chat_run, *ASKED, "--json")["answers"]
    lines = succeed("generate", chat_run, *ASKED).splitlines()
    assert [line for line in lines if line.startswith("cluster-")] == [
        f"{name}  {one['answer']}" for name, one in answers.items()
    ]


def test_options_that_cannot_be_said(chat_run: Path, steered_run: Path) -> None:
    assert "--stream and --option" in fail("generate", chat_run, *ASKED, "--stream")
    assert "has no chat template" in fail("generate", steered_run, *ASKED)
    assert "1 option(s): a question needs at least two" in fail("generate", chat_run, *ASKED[:3])
