"""``personaspace export``: PEFT folders and input embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaspace.commands.export import export
from personaspace.errors import SettingError, UnknownNameError


def test_a_peft_folder_is_written_for_a_persona(
    prompt_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(prompt_run, tmp_path, persona=["cluster-1"], as_json=True)
    assert json.loads(capsys.readouterr().out)["written"] == {"cluster-1": str(tmp_path / "cluster-1")}
    assert json.loads((tmp_path / "cluster-1" / "adapter_config.json").read_text())["peft_type"] == "PROMPT_TUNING"


def test_export_writes_the_embeddings_of_one_question(prompt_run: Path, tmp_path: Path) -> None:
    export(prompt_run, tmp_path, to="embeds", question="Tea?", option=["Yes", "No"])
    assert [path.name for path in tmp_path.iterdir()] == ["prompt_embeds.safetensors"]


def test_export_says_what_it_cannot_do(prompt_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'peft'"):
        export(prompt_run, tmp_path, to="pef")
    with pytest.raises(SettingError, match="give --question"):
        export(prompt_run, tmp_path, to="embeds")
    with pytest.raises(SettingError, match="a PEFT folder is for every question"):
        export(prompt_run, tmp_path, question="Tea?")
    with pytest.raises(UnknownNameError, match="unknown persona"):
        export(prompt_run, tmp_path, persona=["cluster-9"])
