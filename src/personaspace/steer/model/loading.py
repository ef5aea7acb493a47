"""Loading a frozen base model from the hub or a folder, in a precision or quantization, and telling models apart."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from personaspace.checks import check_flag, check_text
from personaspace.errors import ModelError, PersonaSpaceError, SettingError, UnknownNameError, shown, unknown
from personaspace.steer.model.folder import check_complete, check_size, read_config

NANO = "nano"
NANO_FOLDER = Path(__file__).parents[2] / NANO
REPOSITORY = re.compile(r"\w[\w.-]*/[\w.-]+")
BARE_NAME = re.compile(r"\w[\w.-]*")
"""Base models that the hub has had since before organisations, such as ``gpt2``."""

DType = Literal["float32", "bfloat16", "float16"]
Quantize = Literal["none", "8bit", "4bit"]
Chat = Literal["auto", "yes", "no"]


@dataclass(frozen=True)
class BaseSettings:
    """Settings of a base model: precision, memory, and whether questions are put into its chat template.

    Attributes:
        dtype: Precision of the weights and of the computation.
        quantize: ``8bit`` (LLM.int8, arXiv 2208.07339) or ``4bit`` (NF4, arXiv 2305.14314) weights.
        chat: Whether a question is put into the model's chat template; ``auto`` does so where it has one.
        recompute: Save memory in training by computing activations again in the backward pass; for the prompt form
            before the question.

    Raises:
        UnknownNameError: A setting is none of those allowed.
        SettingError: A setting has another type.
    """

    dtype: DType = "float32"
    quantize: Quantize = "none"
    chat: Chat = "auto"
    recompute: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("dtype", DType), ("quantize", Quantize), ("chat", Chat)):
            if check_text(name, getattr(self, name)) not in get_args(allowed):
                raise unknown(name, getattr(self, name), get_args(allowed))
        check_flag("recompute", self.recompute)


def is_repository(name: str | Path) -> bool:
    """Whether a name stands for a hub repository, ``organisation/name``, and not for a path on this machine.

    A name whose parent folder is on this machine is a path.

    Example:
        >>> is_repository("no-such-organisation/model"), is_repository("model"), is_repository("../model")
        (True, False, False)
    """
    if isinstance(name, Path) or not REPOSITORY.fullmatch(name):
        return False
    return not Path(name).parent.exists()


def load_pretrained(name: str, settings: BaseSettings, device: str) -> tuple[Any, Any]:
    """Load a causal language model and its tokenizer.

    Args:
        name: A folder, a hub repository (``organisation/name``, or an old name such as ``gpt2``), or ``nano`` for the
            small model in the package.
        settings: Precision and quantization.
        device: Where it runs.

    Raises:
        UnknownNameError: There is no such folder, and the hub does not know the name or cannot be reached.
        ModelError: It is not a causal language model, has no safetensors, or its files are damaged or lack weights.
        SettingError: There is no such device, or the library for quantization is missing.
    """
    check_device(device)
    source = str(NANO_FOLDER) if name == NANO else name
    if not (Path(source).exists() or is_repository(source) or BARE_NAME.fullmatch(source)):
        raise _unknown_model(name, "there is no such file or folder")
    options = _loading_options(settings, device)
    auto: Any = AutoModelForCausalLM
    try:
        with _quiet():
            config = read_config(source, name)
            check_size(source, config, name)
            model, loaded = auto.from_pretrained(
                source,
                trust_remote_code=False,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **options,
            )
            check_complete(loaded, name)
            return model, AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except (PersonaSpaceError, torch.OutOfMemoryError):
        raise
    except OSError as error:
        raise _unknown_model(name, _reason(error)) from error
    except Exception as error:  # what a damaged folder makes transformers raise is not documented
        raise ModelError(
            f"model {shown(name)} cannot be loaded ({type(error).__name__}: {_reason(error)}): download it again, or "
            "choose another one"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep ``transformers`` from writing what :func:`check_complete` says in one line."""
    usual = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        transformers_logging.set_verbosity(usual)


def _reason(error: Exception) -> str:
    return shown(" ".join(str(error).split()), 150)


def frozen(model: Any) -> Any:
    """The model in evaluation mode, its weights frozen, with gradients still passing through it.

    Layers of 4-bit weights (bitsandbytes 0.50) choose on a CPU an arithmetic through which no gradient passes, unless
    they are in training mode; they have no dropout that this would switch on.
    """
    model.eval().requires_grad_(False)
    for module in model.modules():
        if type(module).__name__ == "Linear4bit":
            module.train()
    return model


def fingerprint(model: Any) -> str:
    """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
    state = hashlib.sha256()
    for name, weight in model.state_dict().items():
        state.update(name.encode())
        state.update(weight.flatten()[:64].float().cpu().numpy().tobytes())
    return state.hexdigest()


def check_device(device: str) -> None:
    """Raise :class:`SettingError` unless tensors can be put on the device."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise SettingError(f"device {device!r} cannot be used here ({reason}): give cpu, or cuda on a GPU") from error


def _unknown_model(name: str, reason: str) -> UnknownNameError:
    near = f"did you mean {NANO!r}? " if difflib.get_close_matches(name, [NANO]) else ""
    return UnknownNameError(
        f"unknown model {shown(name)}: {near}Give {NANO!r}, a folder with a model and its tokenizer, or a hub "
        f"repository ORGANISATION/NAME that can be reached from here ({reason})"
    )


def _loading_options(settings: BaseSettings, device: str) -> dict[str, Any]:
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
