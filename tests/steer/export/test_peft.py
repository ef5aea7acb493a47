"""PEFT folders answer as the personas do here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from peft import AutoPeftModelForCausalLM, PeftModel

from personaspace.errors import ModelError
from personaspace.steer.export.peft import export_peft
from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question, question_prompt
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.question import Option, Question
from tests.steer.conftest import FAMILIES, Points, opposed_survey, tiny_model

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


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("family", FAMILIES)
def test_plain_peft_answers_as_the_persona(family: str, form: Form, tmp_path: Path) -> None:
    """PEFT's own code on the exported folder gives our probabilities, and its ``generate`` our words."""
    lm = steered(tiny_model(family), form, "before")
    points = Points(2)
    expected = lm.predict(points.vectors, ASKED)
    assert np.abs(expected[0] - expected[1]).max() > 1e-4
    words = lm.generate("Why parks?", points, temperature=0, max_new_tokens=8)
    prompt = open_question("Why parks?") + "Answer:"
    for row, folder in enumerate(export_peft(lm, points, tmp_path).values()):
        plain = tiny_model(family)
        peft: Any = PeftModel.from_pretrained(plain.model, folder).eval()
        ids = plain.tokenizer(question_prompt(ASKED) + "Answer:", return_tensors="pt").input_ids
        np.testing.assert_allclose(label_probabilities(plain, peft(ids).logits)[0], expected[row], atol=1e-5)
        ids = plain.tokenizer(prompt, return_tensors="pt").input_ids
        written = peft.generate(input_ids=ids, do_sample=False, max_new_tokens=8, pad_token_id=0)
        answer = plain.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        assert answer.strip() == words.iloc[row]


@pytest.mark.parametrize("form", get_args(Form))
def test_the_folder_names_its_base_model(form: Form, tmp_path: Path) -> None:
    tiny = tiny_model("llama, grouped queries")
    tiny.model.save_pretrained(tmp_path / "base")
    tiny.tokenizer.save_pretrained(tmp_path / "base")
    lm = steered(LanguageModel.load(str(tmp_path / "base")), form, "before")
    (folder,) = export_peft(lm, Points(1), tmp_path / "personas").values()
    assert sorted(path.name for path in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    peft: Any = AutoPeftModelForCausalLM.from_pretrained(folder)
    ids = tiny.tokenizer(question_prompt(ASKED) + "Answer:", return_tensors="pt").input_ids
    expected = lm.predict(Points(1).vectors, ASKED)
    np.testing.assert_allclose(label_probabilities(tiny, peft(ids).logits), expected, atol=1e-5)


def test_names_of_personas_are_not_paths(llama: LanguageModel, tmp_path: Path) -> None:
    points = Points(4)
    points.names = ("../up", "POLPARTY=Democrat", "a/b", "a:b")
    folders = export_peft(steered(llama, "prompt", "before"), points, tmp_path / "out")
    assert list(folders) == list(points.names)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len({path.resolve() for path in folders.values()}) == 4
    assert folders["POLPARTY=Democrat"] == tmp_path / "out" / "POLPARTY=Democrat"


@pytest.mark.parametrize(
    ("placement", "soft_prompt", "reason"),
    [
        ("after", "mlp", "this model has them after the question"),
        ("before", "question-aware", "makes other virtual tokens for every question"),
    ],
)
def test_what_no_fixed_tokens_can_say_is_refused(
    llama: LanguageModel, placement: Placement, soft_prompt: str, reason: str, tmp_path: Path
) -> None:
    lm = steered(llama, "prompt", placement, soft_prompt)
    with pytest.raises(ModelError, match=f"{reason}.*--placement before --soft-prompt mlp"):
        export_peft(lm, Points(), tmp_path)
    assert not list(tmp_path.iterdir())
