"""A damaged folder of a steered model is refused in one line that names file and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from personaspace.errors import RunError
from personaspace.files import write_tensors
from personaspace.steer.steered_lm import SteeredLM


@pytest.fixture
def folder(steered: SteeredLM, tmp_path: Path) -> Path:
    steered.save(tmp_path)
    return tmp_path


def refusal(folder: Path, steered: SteeredLM) -> str:
    with pytest.raises(RunError) as refused:
        SteeredLM.load(folder, steered.model)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value).replace(str(folder), "")) < 500
    return str(refused.value)


NOT_ALLOWED: dict[str, list[Any]] = {
    "temperature": [0, -1, 1e9, "1", None, True, 1e-9],
    "history": [7, [7], [{"step": "a"}], [{"loss": None}], {"a": 1}],
    "trained_on": [None, [], {"survey": 7}, {"respondents": "x"}],
    "base": [None, 7, {"dtype": 7}, {"dtype": "x"}, {"unheard": "of"}, {"recompute": 1}],
    "attachment": [[], {"tokens": "2"}, {"tokens": 10**9}, {"form": None}],
    "soft_prompt": [{}, {"kind": 7}, {"kind": "x"}, {"kind": "mlp", "hidden": 10**9}],
    "settings": ["x", {"epochs": "2"}, {"seed": -1}, {"unheard": 1}],
    "dim": [0, 10**9, "8", 8.5, True],
    "refusals": [None, 1, "yes"],
    "model": [None, 7, []],
    "fingerprint": [7],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in NOT_ALLOWED.items() for value in values])
def test_a_value_that_is_not_allowed_is_named(folder: Path, steered: SteeredLM, key: str, value: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    says = refusal(folder, steered)
    assert str(path) in says
    assert key in says.replace(str(path), "")


def test_every_key_is_needed(folder: Path, steered: SteeredLM) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for key in config:
        path.write_text(json.dumps({name: value for name, value in config.items() if name != key}))
        assert key in refusal(folder, steered).replace(str(path), "")
    for content in ("[]", "7", "null", '{"temperature": NaN}', "[" * 100_000):
        path.write_text(content)
        refusal(folder, steered)


def changed(folder: Path, name: str, array: Any) -> None:
    arrays = load_file(folder / "soft_prompt.safetensors")
    kept = {key: value for key, value in arrays.items() if key != name}
    save_file(kept if array is None else kept | {name: array}, folder / "soft_prompt.safetensors")


@pytest.mark.parametrize("name", ["point.weight", "vectors.mean", "origin"])
def test_weights_that_are_missing_of_another_shape_or_not_numbers(folder: Path, steered: SteeredLM, name: str) -> None:
    good = load_file(folder / "soft_prompt.safetensors")[name]
    for broken in (np.nan, np.inf):
        array = good.copy()
        array.flat[-1] = broken
        changed(folder, name, array)
        assert name in refusal(folder, steered)
    broken_ones: tuple[Any, ...] = (None, good[:1], good[..., None], good.astype(np.int64), np.zeros((0,), np.float32))
    for array in broken_ones:
        changed(folder, name, array)
        says = refusal(folder, steered)
        assert name in says
        assert "soft_prompt.safetensors" in says
    changed(folder, name, good)
    changed(folder, "surplus", good)
    assert "surplus" in refusal(folder, steered)


@pytest.mark.parametrize(
    ("vectors", "names"),
    [
        (np.full((2, 8), np.nan), '["a", "b"]'),
        (np.zeros((2, 8)), '["a"]'),
        (np.zeros((2, 7)), '["a", "b"]'),
        (np.zeros((2, 8)), '["a", "a"]'),
        (np.zeros((2, 8)), '["a", 7]'),
        (np.zeros((2, 8)), "{"),
        (np.zeros((2, 8)), "7"),
    ],
)
def test_personas_that_are_not_personas(folder: Path, steered: SteeredLM, vectors: Any, names: str) -> None:
    write_tensors(folder / "personas.safetensors", {"vectors": vectors.astype(np.float32)}, {"names": names})
    refusal(folder, steered)
