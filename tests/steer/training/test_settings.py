"""Training settings that serve base models of every width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from personaspace.steer.forward.attach import Form
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import VOCABULARY, opposed_survey, tiny_tokenizer


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
@pytest.mark.parametrize(("width", "weights"), [(32, 0.2), (128, 0.1), pytest.param(512, 0.03, marks=pytest.mark.slow)])
def test_one_learning_rate_for_every_width(width: int, weights: float, form: Form) -> None:
    """Opposite camps: half the answers are right for whoever does not read the vector."""
    survey, space = opposed_survey(60, 2)
    settings = TrainSettings(epochs=40, respondents=64, questions=2, checks=1, patience=40)
    lm = SteeredLM(llama_of_width(width, weights), form=form, settings=settings).fit(survey, space)
    assert max(check["accuracy"] for check in lm.history_) > 0.9


def test_a_fraction_of_an_epoch_is_a_fraction_of_its_steps() -> None:
    """Whole numbers of epochs, however written, train as ever; any fraction takes at least one step."""
    survey, space = opposed_survey(40, 4)
    quick = TrainSettings(respondents=8, questions=2, patience=50)
    steps, weights = {}, {}
    for epochs in (1, 1.0, 2, 1.5, 0.5, 1e-9):
        counted: list[int] = []
        lm = SteeredLM(llama_of_width(32, 0.2), settings=replace(quick, epochs=epochs))

        def on_step(stage: str, _: int, steps: int, note: str, counted: list[int] = counted) -> None:  # noqa: ARG001
            if stage == "steering":
                counted.append(steps)

        lm.fit(survey, space, on_step=on_step)
        steps[epochs, type(epochs)] = len(counted)
        weights[epochs, type(epochs)] = lm.soft_prompt_.output.weight
        assert counted == [len(counted)] * len(counted)
        assert lm.history_[-1]["step"] == len(counted)
    one = steps[1, int]
    assert one > 3
    assert steps == {
        (1, int): one, (1.0, float): one, (2, int): 2 * one, (1.5, float): round(1.5 * one),
        (0.5, float): round(0.5 * one), (1e-9, float): 1,
    }  # fmt: skip
    assert torch.equal(weights[1, int], weights[1.0, float])
    assert TrainSettings(epochs=2.0).identity() == TrainSettings(epochs=2).identity()
    assert type(TrainSettings(epochs=2.0).epochs) is int


def test_half_an_epoch_resumes_where_it_was(tmp_path: Path) -> None:
    survey, space = opposed_survey(40, 4)
    settings = TrainSettings(epochs=1.5, respondents=8, questions=2, patience=50)
    model = llama_of_width(32, 0.2)
    whole = SteeredLM(model, settings=settings).fit(survey, space)

    def interrupt(stage: str, step: int, *_: object) -> None:
        if (stage, step) == ("steering", 12):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SteeredLM(model, settings=settings).fit(survey, space, tmp_path / "c", interrupt)
    resumed = SteeredLM(model, settings=settings).fit(survey, space, tmp_path / "c")
    assert torch.equal(whole.soft_prompt_.output.weight, resumed.soft_prompt_.output.weight)


def test_a_check_just_before_the_last_is_left_out() -> None:
    survey, space = opposed_survey(40, 4)
    settings = TrainSettings(respondents=8, questions=2, checks=3, patience=50)
    for epochs in (0.5, 0.7, 1, 1.3):
        lm = SteeredLM(llama_of_width(32, 0.2), settings=replace(settings, epochs=epochs)).fit(survey, space)
        steps = [int(check["step"]) for check in lm.history_]
        apart = np.diff([0, *steps])
        every = max(apart[:-1], default=apart[-1])
        assert all(apart[:-1] == every)
        assert every / 2 <= apart[-1] < 1.5 * every
