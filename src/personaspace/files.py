"""Write and read files without ever leaving half of one: atomic writes, JSON, safetensors (no pickle).

With :func:`versions`, which results and runs write beside what they hold.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from personaspace.errors import RunError, SettingError, escaped, first_fault, shown

T = TypeVar("T")

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
    with cannot_write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def cannot_write(path: Path) -> Iterator[None]:
    """Turn what the system says in a ``with`` block that writes into a :class:`RunError` that names the path."""
    try:
        yield
    except RunError:
        raise
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror or error}; what stood there before is untouched, "
            "free some space or choose another folder and run the same command again"
        ) from error


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
    with cannot_write(folder):
        try:
            yield temporary
            if folder.exists():
                folder.rmdir()
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, a folder or a link, whatever stands there; what a link leads to stays.

    Raises:
        RunError: It cannot be removed.
    """
    with cannot_write(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def user_path(path: str | Path) -> Path:
    """A path as a user gave it, with ``~`` expanded.

    Raises:
        SettingError: There is no such user, or the path is longer than the system allows.
    """
    try:
        expanded = Path(path).expanduser()
        expanded.exists()
    except (RuntimeError, ValueError) as error:
        raise SettingError(f"{shown(path)} is no path here ({error}): check it") from error
    except OSError as error:
        raise SettingError(f"cannot open {shown(path)}: {error.strerror}; check the path") from error
    return expanded


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, numpy's numbers as plain ones; NaN is not allowed in it."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=lambda number: number.item())
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        RunError: The file is missing or is not JSON.
    """
    _check_is_file(path)
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=_no_number)
        if re.search(r"\\u[dD][89a-fA-F]", text):
            json.dumps(content, ensure_ascii=False).encode()  # refuses half of a character, which no file could hold
        return content
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{path} is not readable JSON ({escaped(str(error), most=200)}): restore the file or run again"
        ) from error


def read_checked(path: Path, schema: type[T], format_: int | None = None) -> T:
    """Read JSON and check it against a schema.

    Args:
        path: The file.
        schema: A dataclass, a pydantic model or any other type that pydantic knows.
        format_: What the file must have as ``format``, if it has one.

    Returns:
        The content as this type.

    Raises:
        RunError: The file is missing, is not JSON or breaks the schema; the message says where.
    """
    from pydantic import TypeAdapter, ValidationError

    content = read_json(path)
    if format_ is not None and (not isinstance(content, dict) or content.get("format") != format_):
        raise RunError(f"{path} is not of format {format_}, which this version reads: make it again with this version")
    try:
        return TypeAdapter(schema).validate_python(content)
    except (ValidationError, RecursionError) as error:
        raise RunError(f"{path} is damaged, {first_fault(error)}; restore the file or run again") from error


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
    from safetensors.numpy import load_file

    with _reading_tensors(path):
        return dict(load_file(path))


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata a safetensors file carries.

    Raises:
        RunError: The file is missing or is not safetensors.
    """
    from safetensors import safe_open

    with _reading_tensors(path), safe_open(path, framework="numpy") as file:
        return dict(file.metadata() or {})


def check_tensors(path: Path, tensors: Mapping[str, Any], shapes: Mapping[str, tuple[int | None, ...]]) -> None:
    """Check that arrays are there, have their shapes and hold finite numbers.

    Args:
        path: The file they come from, for messages.
        tensors: As :func:`read_tensors` returns them.
        shapes: The shape of each array needed; ``None`` where any length is allowed.

    Raises:
        RunError: An array is missing, has another shape, or holds NaN, infinity or no decimal numbers.
    """
    import numpy as np

    for name, shape in shapes.items():
        if name not in tensors:
            raise RunError(f"{path} lacks the array {name!r}: restore the file or run the stage again")
        array = tensors[name]
        if len(array.shape) != len(shape) or any(
            size not in (None, given) for size, given in zip(shape, array.shape, strict=True)
        ):
            expected = ", ".join("any" if size is None else str(size) for size in shape)
            raise RunError(
                f"{path}: the array {name!r} has shape {list(array.shape)}, expected [{expected}]: "
                "it does not belong to the files beside it; restore them or run the stage again"
            )
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise RunError(f"{path}: the array {name!r} holds values that are not finite numbers: run the stage again")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


@contextmanager
def _reading_tensors(path: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    _check_is_file(path)
    try:
        yield
    except RunError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error
    except (SafetensorError, ValueError, TypeError, LookupError, AttributeError, MemoryError) as error:
        raise RunError(
            f"{path} is corrupt ({escaped(str(error), most=200)}): delete it and run the stage again"
        ) from error


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _check_is_file(path: Path) -> None:
    """Raise unless a file stands there; a pipe would be waited for without end."""
    try:
        is_file, exists = path.is_file(), path.exists()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not is_file:
        raise RunError(f"{path} {'is no file' if exists else 'is missing'}: is this a folder personaspace wrote?")


def _unreadable(path: Path, error: OSError) -> RunError:
    return RunError(f"cannot read {path}: {error.strerror or error}; check the file and its permissions")
