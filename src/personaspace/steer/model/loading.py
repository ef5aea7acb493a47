"""Loading a frozen base model in a precision or quantization, and telling models apart."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from personaspace.checks import check_flag, check_text
from personaspace.errors import ModelError, PersonaSpaceError, SettingError, shown, unknown
from personaspace.steer.memory import check_memory
from personaspace.steer.model.folder import check_complete, check_shapes, check_size, most_weights, read_config
from personaspace.steer.model.gguf import check_gguf
from personaspace.steer.model.sources import Source, unknown_model

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


def load_pretrained(source: Source, settings: BaseSettings, device: str) -> tuple[Any, Any]:
    """Load a causal language model and its tokenizer.

    Args:
        source: Where its files are.
        settings: Precision and quantization.
        device: Where it runs.

    Raises:
        UnknownNameError: The hub does not know the name or cannot be reached.
        ModelError: It is not a causal language model, its files are damaged or lack weights, it has no safetensors, or
            it does not fit in memory.
        SettingError: There is no such device, the library for quantization is missing, or the file is quantized itself.
    """
    check_device(device)
    options, name = _loading_options(settings, device), source.name
    if source.gguf and settings.quantize != "none":
        raise SettingError(
            f"model {shown(name)} is a GGUF file, whose weights are quantized in the file and computed with in full: "
            f"leave out --quantize {settings.quantize}, and give --dtype bfloat16 to save memory"
        )
    try:
        with _quiet(), _files(source) as (place, files):
            header = check_gguf(source.place, name) if source.gguf else None
            config = read_config(place, name, **files)
            weights = check_size(config, header.weights if header else most_weights(place, name), name)
            if settings.quantize == "none":
                check_memory(weights * options["dtype"].itemsize, name)
            if source.gguf:  # reading one takes seconds, so it is read once less
                options["config"] = config
            model = _load_model(place, name, use_safetensors=True, **files, **options)
            if source.gguf:
                check_shapes(model, config, name)
            return model, AutoTokenizer.from_pretrained(place, trust_remote_code=False, **files)
    except (PersonaSpaceError, MemoryError, torch.OutOfMemoryError):
        raise
    except OSError as error:
        raise unknown_model(name, _reason(error)) from error
    except Exception as error:  # what a damaged folder makes transformers raise is not documented
        raise ModelError(
            f"model {shown(name)} cannot be loaded ({type(error).__name__}: {_reason(error)}): download it again, or "
            "choose another one"
        ) from error


def _load_model(place: str, name: str, **options: Any) -> Any:
    auto: Any = AutoModelForCausalLM
    model, loaded = auto.from_pretrained(
        place, trust_remote_code=False, ignore_mismatched_sizes=True, output_loading_info=True, **options
    )
    check_complete(loaded, name)
    if "gguf_file" in options:  # its weights are plain numbers now, and can be saved as such
        model.hf_quantizer = None
        vars(model.config).pop("quantization_config", None)
    return model


@contextmanager
def _files(source: Source) -> Iterator[tuple[str, dict[str, str]]]:
    """A folder or repository for ``from_pretrained``, with the option that names a GGUF file.

    A GGUF file is read from an empty folder, so that nothing that lies beside it has a say.
    """
    if not source.gguf:
        yield source.place, {}
        return
    with TemporaryDirectory() as empty:
        yield empty, {"gguf_file": source.place}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep ``transformers`` from writing what :func:`check_complete` says in one line, and bars."""
    usual = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.CRITICAL)
    try:
        with redirect_stderr(io.StringIO()):
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
