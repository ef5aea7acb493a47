"""A model trained for export, and the probabilities of a question's options from plain logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option, Question
from tests.steer.conftest import opposed_survey

ASKED = Question("asked", "Should the city build more parks?", (Option("Yes"), Option("Perhaps"), Option("No")))


def steered(model: LanguageModel, form: Form, placement: Placement, soft_prompt: str = "mlp") -> SteeredLM:
    survey, space = opposed_survey(20, 3)
    settings = TrainSettings(epochs=1, learning_rate=1e-2)
    lm = SteeredLM(model, form=form, placement=placement, soft_prompt=soft_prompt, tokens=3, settings=settings)
    lm.fit(survey, space).temperature_ = 1.0  # other programs' logits are not calibrated
    return lm


def label_probabilities(model: LanguageModel, logits: torch.Tensor) -> np.ndarray[Any, Any]:
    options = model.option_tokens.ids("ABC")
    return logits[:, -1, options].softmax(-1).detach().numpy()
