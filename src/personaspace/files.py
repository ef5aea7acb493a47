"""Write and read files without ever leaving half of one: atomic writes, JSON, safetensors (no pickle).

With :func:`versions`, which results and runs write beside what they hold.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from personaspace.errors import RunError

PACKAGES = ("personaspace", "torch", "transformers", "numpy", "pandas", "scikit-learn")


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, then move it there in one step.

    Args:
        path: Where the file is to stand; its folder is made if missing.
        write: Called with a temporary path in the same folder.

    Raises:
        RunError: The file cannot be written (disk full, no permission); nothing is left half-written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror or error}; what stood there before is untouched, "
            "free some space or choose another folder and run the same command again"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Let a ``with`` block fill a folder beside its place, then move it there in one step.

    Args:
        folder: Where it is to stand; empty or not there.

    Yields:
        A temporary path with the same parent; what it holds is removed unless the block ends well.

    Raises:
        RunError: The folder cannot be written.
    """
    folder = folder.resolve()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if folder.exists():
            folder.rmdir()
        temporary.replace(folder)
    except OSError as error:
        raise RunError(f"cannot write {folder}: {error.strerror or error}; choose another folder") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically; NaN is not allowed in it."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        RunError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _missing(path) from error
    except ValueError as error:
        raise RunError(f"{path} is not readable JSON ({error}): restore the file or run again") from error


def write_tensors(path: Path, tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Write numpy arrays or torch tensors atomically as safetensors."""
    import numpy as np
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    write_atomically(path, lambda temporary: temporary.write_bytes(save(arrays, dict(metadata or {}))))


def read_tensors(path: Path) -> dict[str, Any]:
    """Read safetensors as numpy arrays.

    Raises:
        RunError: The file is missing or is not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except FileNotFoundError as error:
        raise _missing(path) from error
    except SafetensorError as error:
        raise RunError(f"{path} is corrupt ({error}): delete it and run the stage again") from error


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata a safetensors file carries."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return dict(file.metadata() or {})


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def _missing(path: Path) -> RunError:
    return RunError(f"{path} is missing: is this a folder personaspace wrote?")
