"""Files that are damaged, not files at all, or hold something else than they should."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import RunError
from personaspace.files import check_tensors, read_checked, read_json, read_metadata, read_tensors, write_tensors


@dataclass
class Tea:
    cups: int
    kind: str = "green"


@pytest.mark.parametrize("read", [read_json, read_tensors, read_metadata])
def test_whatever_is_no_such_file_is_one_error(read: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "long").write_bytes(b"\xff" * 100)
    (tmp_path / "header").write_bytes((2).to_bytes(8, "little") + b"{]")
    for name in ("nowhere", "folder", "empty", "long", "header", "fifo"):
        with pytest.raises(RunError, match=rf"{name} is |is damaged|cannot read .*{name}"):
            read(tmp_path / name)


def test_what_breaks_a_schema_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "tea.json"
    path.write_text('{"cups": 3}')
    assert read_checked(path, Tea) == Tea(3)
    path.write_text('{"cups": "\\u001b many", "kind": 1}')
    with pytest.raises(RunError, match=r"tea\.json is damaged, at cups: input should be a valid integer.* .and 1 more"):
        read_checked(path, Tea)
    with pytest.raises(RunError, match=r"tea\.json is not of format 2"):
        read_checked(path, Tea, 2)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 4), np.float32), r"'a' has shape \[2, 4\], expected \[any, 3\]"),
        (np.array([[1, 2, np.inf]]), "not finite numbers"),
        (np.array([[1, 2, 3]]), "not finite numbers"),
        (np.zeros(3), r"has shape \[3\]"),
    ],
)
def test_arrays_have_their_shape_and_hold_numbers(array: np.ndarray, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"a": array})
    with pytest.raises(RunError, match=says):
        check_tensors(path, read_tensors(path), {"a": (None, 3)})
    with pytest.raises(RunError, match="lacks the array 'b'"):
        check_tensors(path, read_tensors(path), {"b": (1,)})
