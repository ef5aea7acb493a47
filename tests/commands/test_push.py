"""``personaspace push``: model, personas and card go to a hub; respondents do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from personaspace.commands.push import push
from personaspace.errors import SettingError
from personaspace.runs.evaluate import evaluate_run
from personaspace.runs.fitted import open_run
from personaspace.runs.run import Run
from tests.steer.fake_hub import fake_hub, point_at


def test_push_uploads_model_personas_and_evaluation(
    prompt_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(prompt_run, tmp_path / "run")
    with fake_hub() as hub:
        point_at(hub.url, monkeypatch, tmp_path)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        push(run, "org/steered", base_model="org/base")
        assert "run `personaspace evaluate" in capsys.readouterr().out
        evaluate_run(Run.open(run))
        push(run, "org/steered", base_model="org/base", as_json=True)
        files = hub.repositories["org/steered"]
    assert json.loads(capsys.readouterr().out) == {
        "run": str(run), "url": f"{hub.url}/org/steered", "personas": ["cluster-1", "cluster-2", "cluster-3"],
        "evaluated": True,
    }  # fmt: skip
    card = files["README.md"].decode()
    assert "| majority |" in card
    assert "Nobody real answered" in card
    for respondent in open_run(run).embedder.ids_:
        assert not any(f'"{respondent}"'.encode() in content for content in files.values())


def test_push_says_what_it_cannot_do(prompt_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_any")
    with pytest.raises(SettingError, match="is a folder on this machine"):
        push(prompt_run, "org/steered")
    respondent = open_run(prompt_run).embedder.ids_[0]
    with pytest.raises(SettingError, match="is one respondent"):
        push(prompt_run, "org/steered", persona=[f"respondent-{respondent}"])
