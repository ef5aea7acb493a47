"""Folders of base models that are damaged, absurd or that carry code: one line says so, and nothing of them runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from personaspace.errors import ModelError, PersonaSpaceError
from personaspace.steer.model import folder as folders
from personaspace.steer.model.language_model import LanguageModel
from tests.steer.conftest import tiny_model

WEIGHT = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def folder(llama: LanguageModel, tmp_path: Path) -> Path:
    llama.model.save_pretrained(tmp_path)
    llama.tokenizer.save_pretrained(tmp_path)
    return tmp_path


def change_weights(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def change_config(folder: Path, **settings: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def refusal(folder: Path) -> str:
    with pytest.raises(PersonaSpaceError) as refused:
        LanguageModel.load(folder)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value).replace(str(folder), "")) < 500
    return str(refused.value)


def test_missing_weights_are_named_and_never_random(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    change_weights(folder, lambda weights: weights.pop(WEIGHT))
    assert f"its files lack 1 ('{WEIGHT}')" in refusal(folder)
    assert "MISSING" not in capfd.readouterr().err


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    change_weights(folder, lambda weights: weights.update({WEIGHT: torch.zeros(3, 32)}))
    assert f"have 1 of another shape ('{WEIGHT}')" in refusal(folder)


def test_surplus_and_tied_weights_are_no_fault(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    change_weights(folder, lambda weights: weights.update(surplus=torch.zeros(3)))
    assert LanguageModel.load(folder).width == 32
    tied, gpt2 = tmp_path_factory.mktemp("tied"), tiny_model("gpt2")
    gpt2.model.save_pretrained(tied)
    gpt2.tokenizer.save_pretrained(tied)
    assert "lm_head.weight" not in load_file(tied / "model.safetensors")
    assert LanguageModel.load(tied).fingerprint == gpt2.fingerprint


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"num_hidden_layers": 10**10}, "asks for 'num_hidden_layers' 10000000000"),
        ({"num_labels": 10**9}, "asks for 'num_labels' 1000000000"),
        ({"vocab_size": 10**10}, "asks for 640,000,023,272 weights in its configuration, and its files hold at most"),
        ({"hidden_size": 4 * 10**6}, "weights in its configuration, and its files hold at most"),
        ({"num_hidden_layers": 5}, "lack 18"),
        ({"num_hidden_layers": 0}, "without keys and values"),
        ({"num_attention_heads": 0}, "cannot be loaded"),
        ({"num_key_value_heads": 0}, "cannot be loaded"),
        ({"intermediate_size": -1}, "cannot be loaded"),
        ({"hidden_size": "wide"}, "cannot be loaded"),
        ({"hidden_act": "unheard of"}, "cannot be loaded"),
        ({"model_type": 7}, "is of type '7', which this version of transformers does not know"),
        ({"model_type": "t5"}, "not a causal language model"),
        ({"rms_norm_eps": float("nan")}, "computes NaN"),
        ({"attn_implementation": "somebody/kernel"}, "asks for code from the hub"),
    ],
)
def test_a_configuration_that_no_model_has(
    folder: Path, settings: dict[str, object], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asks for more than the files hold is refused before the weights are loaded."""
    if "files hold" in says or "asks for" in says:
        monkeypatch.setattr("personaspace.steer.model.loading.check_complete", lambda *_: pytest.fail("loaded"))
    change_config(folder, **settings)
    assert says in refusal(folder)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_damaged_file(folder: Path, file: str, content: str) -> None:
    (folder / file).write_text(content)
    refusal(folder)


def test_pickled_weights_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("read a pickle"))
    assert "no weights as safetensors" in refusal(folder)


def test_code_that_comes_with_a_model_is_not_run(folder: Path) -> None:
    ran = folder / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    change_config(folder, model_type="own", auto_map={"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"})
    assert "the code that comes with it is never run" in refusal(folder)
    change_config(folder, model_type="llama")
    assert LanguageModel.load(folder).width == 32
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": [None, "own.T"]}}))
    LanguageModel.load(folder)
    assert not ran.exists()


def test_weights_in_several_files(folder: Path, llama: LanguageModel) -> None:
    (folder / "model.safetensors").unlink()
    llama.model.save_pretrained(folder, max_shard_size="50KB")
    assert len(folders.weight_files(str(folder))) > 1
    assert LanguageModel.load(folder).fingerprint == llama.fingerprint
    folders.weight_files(str(folder))[-1].unlink()
    refusal(folder)


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    change_config(folder, vocab_size=90)
    change_weights(
        folder, lambda w: w.update({n: w[n][:90].clone() for n in w if n.endswith(("tokens.weight", "head.weight"))})
    )
    with pytest.raises(ModelError, match="has tokens that the model does not know"):
        LanguageModel.load(folder).read("Is it late? " * 5)
