"""PEFT folders answer as the personas do here."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from safetensors.torch import load_file

from personaspace.errors import ModelError
from personaspace.steer.export.peft import export_peft, fixed_tokens
from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question, question_prompt
from tests.steer.conftest import FAMILIES, Points, tiny_model
from tests.steer.export.exported import ASKED, label_probabilities, steered


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


def test_no_two_personas_share_a_folder_on_any_disk(llama: LanguageModel, tmp_path: Path) -> None:
    """Whatever the names: also where upper and lower case, or composed and decomposed letters, are one."""
    names = (
        "a b", "a_b", "a_b-1", "a_b-2", "A_B", "a-b", "", ".", "..", "/", "_", "CON", "con", "nul", "LPT1", "con.txt",
        "caf\u00e9", "cafe\u0301", "stra\u00dfe", "STRASSE", "a\0b", "a\nb", "../../up", "x" * 300, "x" * 301,
        "\u00e9" * 200, "\ud800", "~", "-", "\ufb01", "fi",
    )  # fmt: skip
    points = Points(len(names))
    points.names = names
    lm = steered(llama, "prompt", "before")
    folders = export_peft(lm, points, tmp_path / "out")
    assert list(folders) == list(names)
    assert {path.parent for path in folders.values()} == {tmp_path / "out"}
    seen = {unicodedata.normalize("NFKD", path.name).casefold() for path in folders.values()}
    assert len(seen) == len(names)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in folders.values()}
    assert folders["a_b"].name == "a_b"
    assert all(0 < len(path.name.encode()) < 120 and "." not in path.name for path in folders.values())
    assert not seen & {"con", "nul", "lpt1"}
    tokens = [load_file(path / "adapter_model.safetensors")["prompt_embeddings"] for path in folders.values()]
    torch.testing.assert_close(torch.stack(tokens), fixed_tokens(lm, points.vectors).flatten(2).detach())


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
