"""Training that needs no luck: rates, guards, memory, metrics, resuming."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from personaspace.errors import ModelError, SettingError, SurveyError
from personaspace.steer.forward.attach import Form
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.examples import Block, passes
from personaspace.steer.training.metric_logs import JsonLines, Metrics, TensorBoard
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.step import Learner
from tests.steer.conftest import VOCABULARY, opposed_survey, tiny_tokenizer

QUICK = TrainSettings(epochs=3, respondents=16, questions=2, patience=50)


def llama_of_width(width: int, weights: float) -> LanguageModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=width // 16, num_key_value_heads=width // 32, max_position_embeddings=256,
        initializer_range=weights,
    )  # fmt: skip
    model: Any = LlamaForCausalLM
    return LanguageModel(model(config), tiny_tokenizer(), f"width {width}")


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize(("width", "weights"), [(32, 0.2), (128, 0.1), (512, 0.03)])
def test_one_learning_rate_for_every_width(width: int, weights: float, form: Form) -> None:
    """Opposite camps: half the answers are right for whoever does not read the vector."""
    survey, space = opposed_survey(60, 2)
    settings = TrainSettings(epochs=40, respondents=64, questions=2, checks=1, patience=40)
    lm = SteeredLM(llama_of_width(width, weights), form=form, settings=settings).fit(survey, space)
    assert max(check["accuracy"] for check in lm.history_) > 0.9


def test_a_pass_has_no_more_rows_than_a_batch_filled_up_to_its_longest_block() -> None:
    sizes = [200, *[1] * 30, 16, 16, 300]
    blocks = [Block("", 2, torch.zeros(size, 1), torch.zeros(size, dtype=torch.long)) for size in sizes]
    together = [[len(block) for block in some] for some in passes(blocks, 256)]
    assert [size for some in together for size in some] == sizes
    assert all(len(some) * max(some) <= 256 for some in together if len(some) > 1)


def weights_of(lm: SteeredLM) -> dict[str, torch.Tensor]:
    return lm.soft_prompt_.state_dict()


def largest_difference(first: SteeredLM, second: SteeredLM) -> float:
    pairs = zip(weights_of(first).values(), weights_of(second).values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def interrupt_at(at: int) -> Any:
    def on_step(step: int, *_: float) -> None:
        if step == at:
            raise KeyboardInterrupt

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
    resumed.fit(survey, space, checkpoint, lambda step, *_: seen.append(step))
    assert seen[0] > 1
    assert largest_difference(whole, resumed) < 1e-4


def test_other_errors_are_not_taken_for_memory(llama: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(*_: Any) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    survey, space = opposed_survey(20, 3)
    monkeypatch.setattr(Learner, "loss", loss)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        SteeredLM(llama, settings=QUICK).fit(survey, space)


def test_metrics_of_a_resumed_training_have_every_step_once(llama: LanguageModel, tmp_path: Path) -> None:
    survey, space = opposed_survey(40, 4)
    whole, resumed, checkpoint = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl", tmp_path / "c.safetensors"
    lm = SteeredLM(llama, settings=QUICK).fit(survey, space, logs=[JsonLines(whole)])
    with pytest.raises(KeyboardInterrupt):
        SteeredLM(llama, settings=QUICK).fit(survey, space, checkpoint, interrupt_at(8), [JsonLines(resumed)])
    SteeredLM(llama, settings=QUICK).fit(survey, space, checkpoint, logs=[JsonLines(resumed)])
    assert [line["step"] for line in lines_of(whole)] == list(range(1, len(lines_of(whole)) + 1))
    assert [without_speed(line) for line in lines_of(whole)] == [without_speed(line) for line in lines_of(resumed)]
    assert lines_of(whole)[-1]["pairs"] > len(survey.answers)
    looks = [(line["step"], line["log_loss"], line["accuracy"]) for line in lines_of(whole) if "log_loss" in line]
    assert looks == [(check["step"], check["log_loss"], check["accuracy"]) for check in lm.history_]


def without_speed(line: dict[str, float]) -> dict[str, float]:
    assert line["pairs_per_second"] > 0
    return {name: value for name, value in line.items() if name != "pairs_per_second"}


def test_tensorboard_gets_every_curve(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = TensorBoard(tmp_path)
    log.resume(0)
    log.write(Metrics(1, 10, 5.0, 0.7, 1e-3))
    log.write(Metrics(2, 20, 5.0, 0.6, 1e-3, 0.65, 0.5))
    log.close()
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2]
    assert [event.value for event in events.Scalars("accuracy")] == [0.5]


def test_tensorboard_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SettingError, match=r"pip install 'personaspace\[tensorboard\]'"):
        TensorBoard(tmp_path)


def test_more_processes_than_questions_a_step(llama: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personaspace.steer.steered_lm.launched", lambda: Processes(0, 3))
    survey, space = opposed_survey(20, 3)
    with pytest.raises(SettingError, match="3 processes cannot share a step of 2 questions"):
        SteeredLM(llama, settings=QUICK).fit(survey, space)
