"""``personaspace export`` and ``push`` on a run: what is written, and errors of one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaspace.commands.export import export
from personaspace.commands.push import push
from personaspace.errors import SettingError, UnknownNameError
from personaspace.runs.fit import fit_run, load_fitted
from personaspace.runs.run import Run
from personaspace.runs.steer import evaluate_run, steer_run
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from tests.steer.conftest import tiny_model
from tests.steer.fake_hub import fake_hub, point_at


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Steered before the question, in prompt form, by the published soft-prompting model."""
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("runs") / "run"
    tiny = tiny_model("gpt2")
    tiny.model.save_pretrained(base)
    tiny.tokenizer.save_pretrained(base)
    opened = Run.create(folder)
    survey = simulate(60).select(questions=range(6))
    fit_run(opened, survey, embedder="factorization", personas=2)
    settings = TrainSettings(epochs=1)
    steer_run(opened, str(base), attachment=Attachment("before", "prompt"), soft_prompt="mlp", settings=settings)
    return folder


def test_export_writes_a_peft_folder_a_persona(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export(run, tmp_path, persona=["cluster-1"], as_json=True)
    assert json.loads(capsys.readouterr().out)["written"] == {"cluster-1": str(tmp_path / "cluster-1")}
    assert json.loads((tmp_path / "cluster-1" / "adapter_config.json").read_text())["peft_type"] == "PROMPT_TUNING"


def test_export_writes_the_embeddings_of_one_question(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path, to="embeds", question="Tea?", option=["Yes", "No"])
    assert [path.name for path in tmp_path.iterdir()] == ["prompt_embeds.safetensors"]


def test_export_says_what_it_cannot_do(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'peft'"):
        export(run, tmp_path, to="pef")
    with pytest.raises(SettingError, match="give --question"):
        export(run, tmp_path, to="embeds")
    with pytest.raises(SettingError, match="a PEFT folder is for every question"):
        export(run, tmp_path, question="Tea?")
    with pytest.raises(UnknownNameError, match="unknown persona"):
        export(run, tmp_path, persona=["cluster-9"])


def test_push_uploads_model_personas_and_evaluation(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_hub() as hub:
        point_at(hub.url, monkeypatch, tmp_path)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        push(run, "org/steered", base_model="org/base")
        assert "run `personaspace evaluate" in capsys.readouterr().out
        evaluate_run(Run.open(run))
        push(run, "org/steered", base_model="org/base", as_json=True)
        files = hub.repositories["org/steered"]
    assert json.loads(capsys.readouterr().out) == {
        "run": str(run), "url": f"{hub.url}/org/steered", "personas": ["cluster-1", "cluster-2"], "evaluated": True,
    }  # fmt: skip
    card = files["README.md"].decode()
    assert "| majority |" in card
    assert "Nobody real answered" in card
    for respondent in load_fitted(Run.open(run)).space.ids_:
        assert not any(f'"{respondent}"'.encode() in content for content in files.values())


def test_push_says_what_it_cannot_do(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_any")
    with pytest.raises(SettingError, match="is a folder on this machine"):
        push(run, "org/steered")
    respondent = load_fitted(Run.open(run)).space.ids_[0]
    with pytest.raises(SettingError, match="is one respondent"):
        push(run, "org/steered", persona=[f"respondent-{respondent}"])
