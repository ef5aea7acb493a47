"""How much memory there is, as far as the system says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from personaspace.errors import ModelError
from personaspace.steer import memory
from personaspace.steer.memory import check_memory, whole_memory


@pytest.mark.parametrize("text", ["max", "9223372036854771712", None])
def test_without_a_limit_it_is_the_machines(text: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    if text:
        limit.write_text(f"{text}\n")
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", (limit,))
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert whole_memory(torch.device("cpu")) == 4_096_000


def test_a_container_has_what_it_may_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("2000000000\n")
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", (tmp_path / "nowhere", limit))
    assert whole_memory(torch.device("cpu")) == 2_000_000_000
    check_memory(1_999_999_999, "llama")
    with pytest.raises(ModelError, match=r"takes 3\.0 GB, and this machine has 2\.0 GB"):
        check_memory(3_000_000_000, "llama")
