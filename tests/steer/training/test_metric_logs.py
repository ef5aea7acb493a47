"""Metrics as JSON lines and for TensorBoard."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from personaspace.errors import SettingError
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.metric_logs import JsonLines, Metrics, TensorBoard
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import opposed_survey

QUICK = TrainSettings(epochs=3, respondents=16, questions=2, patience=50)


def interrupt_at(at: int) -> Any:
    def on_step(stage: str, step: int, *_: object) -> None:
        if (stage, step) == ("steering", at):
            raise KeyboardInterrupt

    return on_step


def lines_of(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


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
