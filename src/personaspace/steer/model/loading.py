"""A base model from the hub or a folder: which precision, which quantization, and clear errors where it fails."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from personaspace.errors import ModelError, SettingError, UnknownNameError, unknown

NANO = "nano"
DType = Literal["float32", "bfloat16", "float16"]
Quantize = Literal["none", "8bit", "4bit"]
Chat = Literal["auto", "yes", "no"]


@dataclass(frozen=True)
class BaseSettings:
    """How a base model is loaded and spoken to.

    Attributes:
        dtype: Precision of the weights and of the computation.
        quantize: ``8bit`` (LLM.int8, arXiv 2208.07339) or ``4bit`` (NF4, arXiv 2305.14314) weights.
        chat: Whether a question is put into the model's chat template; ``auto`` does so where it has one.
        recompute: Save memory in training by computing activations again in the backward pass; for the prompt form
            before the question.

    Raises:
        UnknownNameError: A setting is none of those allowed.
    """

    dtype: DType = "float32"
    quantize: Quantize = "none"
    chat: Chat = "auto"
    recompute: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("dtype", DType), ("quantize", Quantize), ("chat", Chat)):
            if getattr(self, name) not in get_args(allowed):
                raise unknown(name, getattr(self, name), get_args(allowed))


def load_pretrained(name: str, settings: BaseSettings, device: str) -> tuple[Any, Any]:
    """A model and its tokenizer.

    Args:
        name: A hub name, a folder, or ``nano`` for the small model shipped with the package.
        settings: Precision and quantization.
        device: Where it runs.

    Raises:
        UnknownNameError: There is no such folder, and the hub does not know or cannot be reached.
        ModelError: It is not a causal language model.
        SettingError: There is no such device, or the library for quantization is missing.
    """
    check_device(device)
    source = str(Path(__file__).parents[2] / NANO) if name == NANO else name
    how = _how(settings, device)
    try:
        config = AutoConfig.from_pretrained(source)
        if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
            raise ModelError(
                f"model {name!r} is of type {config.model_type!r}, which is not a causal language model: "
                "choose one that AutoModelForCausalLM can load"
            )
        model = AutoModelForCausalLM.from_pretrained(source, **how)
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        near = f"did you mean {NANO!r}? " if difflib.get_close_matches(name, [NANO]) else ""
        raise UnknownNameError(
            f"unknown model {name!r}: {near}Give {NANO!r}, a folder with a model and its tokenizer, or a hub name "
            f"that can be reached from here ({str(error).strip().partition(chr(10))[0]})"
        ) from error
    return model, tokenizer


def frozen(model: Any) -> Any:
    """The model in evaluation mode, its weights frozen, with gradients still passing through it.

    Layers of 4-bit weights (bitsandbytes 0.50) pack themselves on a CPU for an arithmetic through which no gradient
    passes, unless they are said to be in training; they have no dropout that this would switch on.
    """
    model.eval().requires_grad_(False)
    for module in model.modules():
        if type(module).__name__ == "Linear4bit":
            module.train()
    return model


def check_device(device: str) -> None:
    """Raise :class:`SettingError` unless tensors can be put on the device."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise SettingError(f"device {device!r} cannot be used here ({reason}): give cpu, or cuda on a GPU") from error


def _how(settings: BaseSettings, device: str) -> dict[str, Any]:
    dtype = getattr(torch, settings.dtype)
    if settings.quantize == "none":
        return {"dtype": dtype}
    if not all(importlib.util.find_spec(module) for module in ("bitsandbytes", "accelerate")):
        raise SettingError(
            f"quantize={settings.quantize!r} needs bitsandbytes and accelerate: pip install 'personaspace[quantize]'"
        )
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    bits: dict[str, dict[str, Any]] = {
        "8bit": {"load_in_8bit": True},
        "4bit": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": dtype},
    }
    quantization: Any = BitsAndBytesConfig
    return {
        "dtype": dtype,
        "quantization_config": quantization(**bits[settings.quantize]),
        "device_map": {"": device},
    }


def fingerprint(model: Any) -> str:
    """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
    state = hashlib.sha256()
    for name, weight in model.state_dict().items():
        state.update(name.encode())
        state.update(weight.flatten()[:64].float().cpu().numpy().tobytes())
    return state.hexdigest()
