"""The cache of questions: bounded by memory, the least recently used goes first."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from personaspace.steer.forward.forward import shares
from personaspace.steer.model.question_cache import CachedQuestion, QuestionCache, most_bytes
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.step import Learner
from tests.steer.conftest import opposed_survey, tiny_model


def question(tokens: int) -> CachedQuestion:
    part = torch.zeros(1, 1, tokens, 1)
    return CachedQuestion(torch.zeros(1, tokens), [(part, part)], torch.zeros(2))


def test_the_least_recently_used_goes_first() -> None:
    cache = QuestionCache(most=8 * 10)
    for text in ("a", "b"):
        cache.keep(text, question(5))
    assert cache.find("a") is not None
    cache.keep("c", question(5))
    assert [text for text in "abc" if cache.find(text)] == ["a", "c"]
    assert cache.nbytes == 80


def test_one_question_larger_than_the_bound_is_kept_alone() -> None:
    cache = QuestionCache(most=8 * 10)
    cache.keep("a", question(5))
    cache.keep("large", question(50))
    assert cache.find("large") is not None
    assert len(cache) == 1
    cache.keep("b", question(5))
    assert (len(cache), cache.nbytes) == (1, 40)


@pytest.mark.parametrize("family", ["llama, grouped queries", "falcon, alibi"])
def test_with_a_full_cache_a_question_is_read_once_a_step(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a step with a batch so small that every question takes several passes gives the same numbers."""
    survey, space = opposed_survey(40, 3)
    settings = TrainSettings(epochs=2, respondents=16, questions=2, batch=8)
    results, reads = [], list[Any]()
    for most in (2**30, 1):
        model = tiny_model(family)
        model.question_cache = QuestionCache(most)
        shares(model, 10)
        read_ids, step, of_steps = model.read_ids, Learner.step, list[tuple[int, int]]()

        def counted(ids: Any, read_ids: Any = read_ids) -> CachedQuestion:
            reads.append(ids)
            read: CachedQuestion = read_ids(ids)
            return read

        def counted_step(self: Learner, blocks: Any, *rest: Any, step: Any = step, of_steps: Any = of_steps) -> float:
            before = len(reads)
            loss: float = step(self, blocks, *rest)
            of_steps.append((len(reads) - before, len({block.text for block in blocks})))
            return loss

        with monkeypatch.context() as patched:
            patched.setattr(model, "read_ids", counted)
            patched.setattr(Learner, "step", counted_step)
            lm = SteeredLM(model, settings=settings).fit(survey, space)
        assert of_steps
        assert all(read <= texts for read, texts in of_steps), of_steps
        assert (most == 1) == any(read for read, _ in of_steps)
        results.append(lm.soft_prompt_.state_dict())
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


def test_a_cache_grows_with_the_memory_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    here = torch.device("cpu")
    for memory, most in ((None, 2**30), (2**32, 2**30), (2**35, 2**32)):
        monkeypatch.setattr("personaspace.steer.model.question_cache.whole_memory", lambda _, memory=memory: memory)
        assert most_bytes(here) == most
    assert tiny_model("gpt2").question_cache.most == 2**32


def test_the_length_of_a_question_is_found_without_reading_it() -> None:
    model = tiny_model("gpt2")
    length = model.question_length("Is it late?")
    assert len(model.question_cache) == 0
    assert length == model.read("Is it late?").ids.shape[1]
