"""A SteeredLM from training to saving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import ModelError, RunError, SettingError, SurveyError, UnknownNameError
from personaspace.not_fitted import NotFittedError
from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steerer import COPIES
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from tests.steer.conftest import QUICK, Points, opposed_survey, tiny_model


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("placement", get_args(Placement))
def test_learns_what_the_space_knows(llama: LanguageModel, form: Form, placement: Placement) -> None:
    """Opposite camps answer oppositely: no majority to fall back on, so the vector must be read."""
    survey, space = opposed_survey(questions=2)
    settings = TrainSettings(epochs=30, respondents=64, questions=2, checks=1, patience=30)
    lm = SteeredLM(llama, form=form, placement=placement, settings=settings).fit(survey, space)
    assert min(check["log_loss"] for check in lm.history_) < 0.5 < np.log(2)


def test_the_published_model_learns_a_direction_common_to_all_questions(llama: LanguageModel) -> None:
    survey, space = opposed_survey(questions=2, alike=True)
    settings = TrainSettings(epochs=30, respondents=64, questions=2, checks=1, patience=30)
    lm = SteeredLM(llama, soft_prompt="mlp", settings=settings).fit(survey, space)
    assert min(check["log_loss"] for check in lm.history_) < 0.5 < np.log(2)


def test_only_the_soft_prompting_model_learns(model: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    before = {name: tensor.clone() for name, tensor in model.model.state_dict().items()}
    lm = SteeredLM(model, settings=QUICK).fit(survey, space)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.model.parameters())
    assert all(parameter.grad is not None for parameter in lm.soft_prompt_.parameters())
    untrained = lm.untrained().soft_prompt_.state_dict()
    assert any(not torch.equal(untrained[name], tensor) for name, tensor in lm.soft_prompt_.state_dict().items())


def test_same_seed_same_model(llama: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    first, second = (SteeredLM(llama, settings=QUICK).fit(survey, space).soft_prompt_.state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_progress_begins_with_the_first_question_read(llama: LanguageModel) -> None:
    survey = simulate(respondents=30, seed=0)
    steps = list[tuple[str, int, int, str]]()
    embedder = Factorization(dim=4, epochs=2).fit(survey)
    lm = SteeredLM(llama, settings=replace(QUICK, epochs=0.1))
    lm.fit(survey, embedder, on_step=lambda *step: steps.append(step))
    assert list(dict.fromkeys(stage for stage, *_ in steps)) == ["reading questions", "cross-fitting", "steering"]
    for stage, total in (("reading questions", len(survey.questions)), ("cross-fitting", 10)):
        done = [step[1:] for step in steps if step[0] == stage]
        assert done == [(i, total, "") for i in range(1, total + 1)]
    assert "best validation loss" in steps[-1][-1]
    assert steps[-1][1] == steps[-1][2]


def test_saved_equals_loaded(steered: SteeredLM, tmp_path: Path) -> None:
    steered.save(str(tmp_path))
    loaded = SteeredLM.load(str(tmp_path), steered.model)
    points = Points()
    options = ["Yes", "No", "Perhaps"]
    assert steered.ask("Is it?", options, points).equals(loaded.ask("Is it?", options, points))
    assert list(steered.generate("Why?", points, seed=3)) == list(loaded.generate("Why?", points, seed=3))


def test_loading_with_another_model_is_refused(steered: SteeredLM, tmp_path: Path) -> None:
    steered.save(tmp_path)
    with pytest.raises(RunError, match="another model"):
        SteeredLM.load(tmp_path, tiny_model("gpt2"))


def test_ask_gives_distributions(steered: SteeredLM) -> None:
    table = steered.ask("Is it late?", ["Yes", "No", "Perhaps"], Points(5))
    assert table.shape == (5, 3)
    assert table.index.equals(pd.Index(Points(5).names, name="persona"))
    assert table.columns.equals(pd.Index(["Yes", "No", "Perhaps"], name="option"))
    assert (table.index.name, table.columns.name) == ("persona", "option")
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-6)


def test_generate_depends_on_the_seed_alone(steered: SteeredLM) -> None:
    points = Points(2)
    first, again, other = (list(steered.generate("Why?", points, seed=s, temperature=1.5)) for s in (0, 0, 1))
    assert first == again != other


def test_clear_errors(llama: LanguageModel, steered: SteeredLM) -> None:
    survey, space = opposed_survey(20, 3)
    with pytest.raises(NotFittedError, match="call fit"):
        SteeredLM(llama).ask("Is it?", ["Yes", "No"], Points())
    with pytest.raises(SurveyError, match="19 respondent"):
        SteeredLM(llama).fit(survey, Points(1))
    with pytest.raises(SurveyError, match=r"takes \[n, 8\]"):
        steered.ask("Is it?", ["Yes", "No"], Points(2, dim=5))
    with pytest.raises(SurveyError, match="1 option"):
        steered.ask("Is it?", ["Yes"], Points())
    with pytest.raises(UnknownNameError, match="did you mean 'question-aware'"):
        SteeredLM(llama, soft_prompt="question-awre").fit(survey, space)
    with pytest.raises(SettingError, match="learning_rate is -1"):
        TrainSettings(learning_rate=-1)
    with pytest.raises(SurveyError, match="no answers"):
        SteeredLM(llama).fit(survey.with_answers(np.zeros(len(survey.answers), bool)), space)


@pytest.mark.parametrize(("family", "most"), [("llama, grouped queries", 150), ("falcon, alibi", COPIES)])
def test_a_question_is_not_copied_for_all_of_many_points(family: str, most: int) -> None:
    """The model sees all points at once only where they share the question."""
    model, survey = tiny_model(family), opposed_survey(20, 2)
    lm, rows = SteeredLM(model, settings=QUICK).fit(*survey), list[int]()
    question, points = survey[0].questions[0], Points(150).vectors
    layer = next(module for module in model.model.modules() if isinstance(module, GradientCheckpointingLayer))
    hook = layer.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    chances = lm.predict(points, question)
    hook.remove()
    assert max(rows) == most
    np.testing.assert_allclose(chances[:1], lm.predict(points[:1], question), atol=1e-5)


def test_a_question_that_cannot_be_asked_is_named_before_any_training(llama: LanguageModel) -> None:
    long = Question("q-long", "word " * 400, (Option("Yes"), Option("No")))
    states = Question("q-states", "Where?", tuple(Option(f"State {i}") for i in range(700)))
    for question in (long, states):
        with pytest.raises(ModelError, match=f"question '{question.id}' cannot be asked"):
            SteeredLM(llama).check([question])


def test_a_question_out_of_the_window_of_a_prefix_is_named_before_any_training() -> None:
    model = tiny_model("mistral, short window")
    question = Question("q-1", "Is it late? " * 9, (Option("Yes"), Option("No")))
    with pytest.raises(ModelError, match=r"question 'q-1' cannot be asked .* see only the last 24 tokens"):
        SteeredLM(model, form="prefix", placement="before").check([question])
    SteeredLM(model, form="prompt", placement="before").check([question])
    SteeredLM(model, form="prefix", placement="after").check([question])
