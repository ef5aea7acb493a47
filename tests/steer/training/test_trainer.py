"""Training that needs no luck: guards, memory, checkpoints, resuming."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import ModelError, RunError, SettingError, SurveyError
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.protocols import vectors_of
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.examples import Block
from personaspace.steer.training.metric_logs import JsonLines
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.step import Learner
from personaspace.survey.simulate import simulate
from personaspace.survey.validation import without_validation
from tests.steer.conftest import opposed_survey

QUICK = TrainSettings(epochs=3, respondents=16, questions=2, patience=50)


def weights_of(lm: SteeredLM) -> dict[str, torch.Tensor]:
    return lm.soft_prompt_.state_dict()


def largest_difference(first: SteeredLM, second: SteeredLM) -> float:
    pairs = zip(weights_of(first).values(), weights_of(second).values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def interrupt_at(at: int) -> Any:
    def on_step(stage: str, step: int, *_: object) -> None:
        if (stage, step) == ("steering", at):
            raise KeyboardInterrupt

    return on_step


def seeing(seen: list[int]) -> Any:
    """Notes down the steps of training."""

    def on_step(stage: str, step: int, *_: object) -> None:
        if stage == "steering":
            seen.append(step)

    return on_step


def break_loss(monkeypatch: pytest.MonkeyPatch, broken: Iterator[bool]) -> None:
    usual = Learner.loss

    def loss(self: Learner, blocks: Sequence[Block]) -> torch.Tensor:
        return usual(self, blocks) * (torch.nan if next(broken, False) else 1.0)

    monkeypatch.setattr(Learner, "loss", loss)


def test_a_step_that_is_not_a_number_is_skipped(llama: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    survey, space = opposed_survey(40, 4)
    break_loss(monkeypatch, iter([False] * 4 + [True]))
    lm = SteeredLM(llama, settings=QUICK).fit(survey, space)
    assert all(tensor.isfinite().all() for tensor in weights_of(lm).values())
    assert all(np.isfinite(value) for check in lm.history_ for value in check.values())


def test_after_many_such_steps_training_goes_back_to_half_the_rate(
    llama: LanguageModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    survey, space = opposed_survey(40, 4)
    path = tmp_path / "metrics.jsonl"
    settings = replace(QUICK, epochs=6)
    SteeredLM(llama, settings=settings).fit(survey, space, logs=[JsonLines(path)])
    plain = rates(path)
    break_loss(monkeypatch, iter([False] * 10 + [True] * 4))
    SteeredLM(llama, settings=settings).fit(survey, space, logs=[JsonLines(path)])
    halved = rates(path)
    assert halved[:10] == plain[:10]
    np.testing.assert_allclose(halved[-3:], np.array(plain[-3:]) / 2)


def rates(path: Path) -> list[float]:
    return [line["learning_rate"] for line in lines_of(path)]


def lines_of(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, epochs=20)], ids=["short", "long"])
def test_training_that_stays_broken_says_what_to_do(
    llama: LanguageModel, monkeypatch: pytest.MonkeyPatch, settings: TrainSettings
) -> None:
    survey, space = opposed_survey(20, 3)
    break_loss(monkeypatch, iter([True] * 1000))
    with pytest.raises(ModelError, match=r"try a learning rate below 0\.002"):
        SteeredLM(llama, settings=settings).fit(survey, space)


def test_training_vectors_lack_the_validation_answers() -> None:
    survey = simulate(respondents=50, seed=0)
    embedder = Factorization(dim=4, epochs=2).fit(survey)
    np.testing.assert_array_equal(vectors_of(embedder, survey), embedder.embed(without_validation(survey)))
    assert not np.array_equal(vectors_of(embedder, survey), embedder.respondents_)


def test_vectors_that_are_not_numbers_are_refused(llama: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    space.respondents_[4, 0] = np.nan
    with pytest.raises(SurveyError, match=r"1 respondent.*first that of 'r4'"):
        SteeredLM(llama, settings=QUICK).fit(survey, space)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_out_of_memory_names_a_batch_with_which_training_goes_on(
    llama: LanguageModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    survey, space = opposed_survey(40, 4)
    checkpoint = tmp_path / "checkpoint.safetensors"
    whole = SteeredLM(llama, settings=QUICK).fit(survey, space)
    usual, left = Learner.loss, iter(range(9))

    def loss(self: Learner, blocks: Sequence[Block]) -> torch.Tensor:
        if next(left, None) is None and sum(map(len, blocks)) > 8:
            raise error
        return usual(self, blocks)

    monkeypatch.setattr(Learner, "loss", loss)
    with pytest.raises(ModelError, match=r"out of memory with 21 respondent.*--batch 10"):
        SteeredLM(llama, settings=QUICK).fit(survey, space, checkpoint)
    seen: list[int] = []
    resumed = SteeredLM(llama, settings=replace(QUICK, batch=8))
    resumed.fit(survey, space, checkpoint, seeing(seen))
    assert seen[0] > 1
    assert largest_difference(whole, resumed) < 1e-4


def test_other_errors_are_not_taken_for_memory(llama: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(*_: Any) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    survey, space = opposed_survey(20, 3)
    monkeypatch.setattr(Learner, "loss", loss)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        SteeredLM(llama, settings=QUICK).fit(survey, space)


def test_more_processes_than_questions_a_step(llama: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personaspace.steer.steered_lm.launched", lambda: Processes(0, 3))
    survey, space = opposed_survey(20, 3)
    with pytest.raises(SettingError, match="3 processes cannot share a step of 2 questions"):
        SteeredLM(llama, settings=QUICK).fit(survey, space)


def test_resumed_equals_uninterrupted(llama: LanguageModel, tmp_path: Path) -> None:
    survey, space = opposed_survey(40, 4)
    settings = TrainSettings(epochs=3, respondents=16, questions=2, patience=50)
    whole = SteeredLM(llama, settings=settings).fit(survey, space)

    def interrupt(stage: str, step: int, *_: object) -> None:
        if (stage, step) == ("steering", 8):
            raise KeyboardInterrupt

    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        SteeredLM(llama, settings=settings).fit(survey, space, checkpoint, interrupt)
    seen: list[int] = []
    resumed = SteeredLM(llama, settings=settings).fit(survey, space, checkpoint, seeing(seen))
    assert seen[0] > 1
    expected = whole.soft_prompt_.state_dict()
    assert all(torch.equal(expected[name], tensor) for name, tensor in resumed.soft_prompt_.state_dict().items())
    assert resumed.history_ == whole.history_


def test_checkpoint_of_another_training_is_refused(llama: LanguageModel, tmp_path: Path) -> None:
    survey, space = opposed_survey(20, 3)
    checkpoint = tmp_path / "checkpoint.safetensors"
    SteeredLM(llama, settings=QUICK).fit(survey, space, checkpoint)
    with pytest.raises(RunError, match="other settings"):
        SteeredLM(llama, settings=replace(QUICK, seed=1)).fit(survey, space, checkpoint)
