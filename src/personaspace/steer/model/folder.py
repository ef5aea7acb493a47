"""Checks of a base model's files: nothing of them runs, and they hold all weights that their configuration asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME
from transformers.utils.hub import cached_file, get_checkpoint_shard_files

from personaspace.errors import ModelError, shown

PARTS = re.compile(r"layer|block|depth|expert|head|label|stack|attention_types")
NO_PARTS = re.compile(r"size|dim|width|input|eps|_ids?$")
MOST_PARTS = 4096
"""Layers, heads or experts, at most: no known model has a quarter of them."""
WEIGHTS_PER_BYTE = 4
"""Weights that a byte holds, at most, with room to spare: in 4 bits it holds two."""


def read_config(source: str, name: str, **files: str) -> Any:
    """Read the configuration of a base model; code that comes with it is not run.

    Args:
        source: A folder or a hub repository.
        name: What the user calls it.
        files: ``gguf_file``, where a GGUF file holds it.

    Raises:
        ModelError: It is not that of a causal language model that this version of ``transformers`` knows.
    """
    raw, _ = PreTrainedConfig.get_config_dict(source, **files)
    if not isinstance(raw, dict):
        raise ModelError(f"the config.json of model {shown(name)} is not an object: download the model again")
    kind = raw.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        own = "; the code that comes with it is never run" if "auto_map" in raw else ""
        raise ModelError(
            f"model {shown(name)} is of type {shown(kind)}, which this version of transformers does not know{own}: "
            "choose one that AutoModelForCausalLM can load"
        )
    for key, value in _settings(raw):
        if key.endswith("_implementation") and isinstance(value, str) and "/" in value:
            raise ModelError(
                f"model {shown(name)} asks for code from the hub ({key} {shown(value)}), which is never run: "
                f"take {key} out of its config.json"
            )
        counts = PARTS.search(key) and not NO_PARTS.search(key)
        if counts and isinstance(value, int) and not isinstance(value, bool) and value > MOST_PARTS:
            raise ModelError(
                f"model {shown(name)} asks for {shown(key)} {value} in its configuration, more than {MOST_PARTS}: "
                "it is damaged, download the model again"
            )
    config = CONFIG_MAPPING[kind].from_dict(raw)
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise ModelError(
            f"model {shown(name)} is of type {shown(kind)}, which is not a causal language model: "
            "choose one that AutoModelForCausalLM can load"
        )
    return config


def check_size(config: Any, most: int, name: str) -> int:
    """Check before any memory is taken that a model is not far larger than its files.

    Args:
        config: Its configuration.
        most: Weights that its files hold, at most.
        name: What the user calls it.

    Returns:
        Its number of weights.

    Raises:
        ModelError: It is.
    """
    empty = _empty_model(config)
    asked: int = sum(tensor.numel() for tensor in (*empty.parameters(), *empty.buffers()))
    if asked > most + 2**26:
        raise ModelError(
            f"model {shown(name)} asks for {asked:,} weights in its configuration, and its files hold at most "
            f"{most:,}: one of them is damaged, download the model again"
        )
    return asked


def check_shapes(model: Any, config: Any, name: str) -> None:
    """Check that a loaded model's weights have the shapes that its configuration asks for.

    ``transformers`` before 5.23 puts a GGUF file's weights in place whatever their shape.

    Raises:
        ModelError: Some have another shape.
    """
    state = model.state_dict()
    reshaped = [key for key, weight in _empty_model(config).state_dict().items() if state[key].shape != weight.shape]
    check_complete({"missing_keys": (), "mismatched_keys": reshaped}, name)


def _empty_model(config: Any) -> Any:
    """A model of a configuration, without memory for its weights."""
    auto: Any = AutoModelForCausalLM
    with torch.device("meta"):
        return auto.from_config(config, trust_remote_code=False)


def most_weights(source: str, name: str) -> int:
    """Weights that the safetensors files of a folder or hub repository hold, at most, by their size.

    Raises:
        ModelError: There are none.
    """
    files = weight_files(source)
    if not files:
        raise ModelError(
            f"model {shown(name)} has no weights as safetensors; pickled ones (pytorch_model.bin) can run code and are "
            "not read: choose a model with safetensors, or save it again with save_pretrained"
        )
    return WEIGHTS_PER_BYTE * sum(file.stat().st_size for file in files)


def weight_files(source: str) -> list[Path]:
    """The safetensors files of a folder or hub repository, downloaded where they are not here; empty without any."""
    single = cached_file(source, SAFE_WEIGHTS_NAME, _raise_exceptions_for_missing_entries=False)
    if single is not None:
        return [Path(single)]
    index = cached_file(source, SAFE_WEIGHTS_INDEX_NAME, _raise_exceptions_for_missing_entries=False)
    if index is None:
        return []
    shards: Any = get_checkpoint_shard_files
    return [Path(shard) for shard in shards(source, index)[0]]


def check_complete(loaded: Mapping[str, Any], name: str) -> None:
    """Check that all weights of a model were found in its files; surplus ones are no fault.

    Args:
        loaded: What ``from_pretrained`` says of the loading.
        name: The model's name.

    Raises:
        ModelError: Some are missing or have another shape; ``transformers`` puts random numbers in their place.
    """
    missing = sorted(map(str, loaded["missing_keys"]))
    reshaped = sorted(str(key[0] if isinstance(key, tuple) else key) for key in loaded["mismatched_keys"])
    faults = [f"lack {len(missing)} ({_named(missing)})"] if missing else []
    faults += [f"have {len(reshaped)} of another shape ({_named(reshaped)})"] if reshaped else []
    if faults:
        raise ModelError(
            f"model {shown(name)} cannot be loaded: of the weights that its configuration asks for its files "
            f"{' and '.join(faults)}: download or convert it again"
        )


def _named(weights: Sequence[str]) -> str:
    more = f" and {len(weights) - 2} more" if len(weights) > 2 else ""
    return ", ".join(shown(weight, 80) for weight in weights[:2]) + more


def _settings(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every plain value of a configuration, with the key that it stands under."""
    for key, value in raw.items():
        waiting = [value]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Mapping):
                yield from _settings(part)
            elif isinstance(part, list):
                waiting += part
            else:
                yield str(key), part
