"""Memory: how much there is, and errors that say what to do where it does not suffice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from personaspace.errors import ModelError, shown

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how many bytes a container may use: a number, or "max"."""
SMALLER = (
    "choose a smaller model, --dtype bfloat16, --quantize 8bit or 4bit if it is not a GGUF file, or a machine with "
    "more memory"
)


@contextmanager
def memory_for(respondents: int) -> Iterator[None]:
    """Turn an out-of-memory error in a ``with`` block into one that names the batch size to try.

    Args:
        respondents: Respondents in the pass.

    Raises:
        ModelError: There was not enough memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        advice = (
            f"run again with a batch of {respondents // 2} (`--batch {respondents // 2}`); "
            "training resumes from its last checkpoint with the same result"
            if respondents > 1
            else "choose a smaller model, fewer virtual tokens, or a machine with more memory"
        )
        raise ModelError(f"out of memory with {respondents} respondent(s) in one pass: {advice}") from error


@contextmanager
def memory_for_model(name: str) -> Iterator[None]:
    """Turn an out-of-memory error in a ``with`` block that loads a model into one that says what to do.

    Args:
        name: The model's name.

    Raises:
        ModelError: There was not enough memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not any(_is_out_of_memory(one) for one in (error, error.__cause__)):
            raise
        raise ModelError(f"model {shown(name)} does not fit in memory: {SMALLER}") from error


def check_memory(size: int, name: str) -> None:
    """Raise :class:`ModelError` if a model's weights of so many bytes are more than the whole memory of this machine.

    A system that promises more memory than it has ends the process when it is used, and no error says so.
    """
    whole = whole_memory(torch.device("cpu"))
    if whole is not None and size > whole:
        raise ModelError(
            f"model {shown(name)} takes {size / 1e9:.1f} GB, and this machine has {whole / 1e9:.1f} GB of memory: "
            f"{SMALLER}"
        )


def whole_memory(device: torch.device) -> int | None:
    """Bytes of memory of a GPU, or of this machine as far as a container may use it; ``None`` where nothing tells."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    known = {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= getattr(os, "sysconf_names", {}).keys()
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")] if known else []
    for limit in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):
            sizes.append(int(limit.read_text(encoding="ascii")))
    return min(sizes, default=None)


def _is_out_of_memory(error: BaseException | None) -> bool:
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(sign in str(error) for sign in SIGNS)
