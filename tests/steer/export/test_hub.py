"""A steered model to the hub and back, by ``huggingface_hub``'s own code against a hub on this machine."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import huggingface_hub
import numpy as np
import pandas as pd
import pytest
from huggingface_hub import ModelCard

from personaspace.errors import RunError, ServerError, SettingError, UnknownNameError
from personaspace.not_fitted import NotFittedError
from personaspace.steer.export.hub import push
from personaspace.steer.export.model_card import plain
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import Points, opposed_survey, tiny_model
from tests.steer.fake_hub import FakeHub, point_at

REPOSITORY = "org/steered"


def steered() -> SteeredLM:
    survey, space = opposed_survey(20, 3)
    model = tiny_model("gpt2")
    model.name = "openai-community/gpt2"
    return SteeredLM(model, settings=TrainSettings(epochs=1)).fit(survey, space)


def test_pushed_equals_loaded(hub: FakeHub) -> None:
    lm, points = steered(), Points(4)
    assert push(lm, REPOSITORY, points) == f"{hub.url}/{REPOSITORY}"
    assert hub.private[REPOSITORY]
    files = ["README.md", "config.json", "personas.safetensors", "question_prior.json"]
    files += ["question_prior.safetensors", "soft_prompt.safetensors"]
    assert sorted(hub.repositories[REPOSITORY]) == files
    loaded = SteeredLM.load(REPOSITORY, lm.model)
    assert loaded.personas_ is not None
    assert loaded.personas_.names == points.names
    options = ["Yes", "No", "Perhaps"]
    assert loaded.ask("Is it?", options, loaded.personas_).equals(lm.ask("Is it?", options, points))
    assert loaded.trained_on_ == lm.trained_on_ == {
        "survey": "survey", "simulated": False, "respondents": 20, "questions": 3, "answers": 60,
    }  # fmt: skip


def test_what_was_loaded_once_loads_without_a_network(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    lm = steered()
    push(lm, REPOSITORY, Points())
    SteeredLM.load(REPOSITORY, lm.model)
    hub.repositories.clear()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert SteeredLM.load(REPOSITORY, lm.model).history_ == lm.history_
    with pytest.raises(ServerError, match="cannot be reached for 'org/other'"):
        SteeredLM.load("org/other", lm.model)


def test_pushing_again_replaces_the_files(hub: FakeHub) -> None:
    lm = steered()
    push(lm, REPOSITORY, Points(2))
    push(lm, REPOSITORY, Points(5), private=False)
    loaded = SteeredLM.load(REPOSITORY, lm.model)
    assert loaded.personas_ is not None
    assert loaded.personas_.names == Points(5).names
    assert hub.private[REPOSITORY]


def test_the_card_holds_metadata_and_results(hub: FakeHub) -> None:
    lm = steered()
    index = pd.Index(["majority", "individual"], name="method")
    table = pd.DataFrame({"held-out answers": [0.565, 0.6224]}, index)
    told = {"Of whom": "20 people of <b>Ourtown</b>"}
    push(lm, REPOSITORY, Points(2), results={"macro_accuracy": table}, disclosure=told)
    card = ModelCard(hub.repositories[REPOSITORY]["README.md"].decode())
    assert card.data.get("base_model") == "openai-community/gpt2"
    assert card.data.get("library_name") == "personaspace"
    assert "personaspace" in card.data.get("tags")
    best = min(lm.history_, key=lambda check: check["log_loss"])
    for part in (
        "60 answers of 20 respondents to 3 questions",
        f"log-loss {best['log_loss']:.3f}, accuracy {best['accuracy']:.3f}",
        "| majority | 0.565 |\n| individual | 0.622 |",
        'ps.SteeredLM.load("org/steered")',
        "Its personas: r0, r1.",
        "do not replace asking",
        "- Of whom: 20 people of &lt;b&gt;Ourtown",
    ):
        assert part in card.text


def test_survey_text_is_no_markup_in_the_card(hub: FakeHub) -> None:
    lm, points = steered(), Points(2)
    nasty = "x\n---\n# Title <script>alert(1)</script> ![i](http://e.org/i.png) | `c`"
    lm.trained_on_ |= {"survey": nasty}
    points.names = (nasty, "r1")
    push(lm, REPOSITORY, points)
    card = ModelCard(hub.repositories[REPOSITORY]["README.md"].decode())
    assert "<script>" not in card.text
    assert "http://e.org" not in card.text
    assert "\n# Title" not in card.text
    assert card.text.count(plain(nasty)) == 2
    loaded = SteeredLM.load(REPOSITORY, lm.model)
    assert loaded.personas_ is not None
    assert loaded.personas_.names[0] == nasty


def test_nobody_real_is_said_first(hub: FakeHub) -> None:
    lm = steered()
    lm.trained_on_ |= {"simulated": True}
    push(lm, REPOSITORY)
    assert "**Nobody real answered: the survey is simulated.**" in hub.repositories[REPOSITORY]["README.md"].decode()


def test_a_base_model_in_a_folder_needs_its_hub_name(hub: FakeHub, tmp_path: Path) -> None:
    lm = steered()
    lm.model.name = str(tmp_path)
    with pytest.raises(SettingError, match="base_model"):
        push(lm, REPOSITORY)
    push(lm, REPOSITORY, base_model="org/base")
    config = json.loads(hub.repositories[REPOSITORY]["config.json"])
    assert config["model"] == "org/base"
    assert str(tmp_path) not in json.dumps(config) + hub.repositories[REPOSITORY]["README.md"].decode()


def test_nano_is_named_and_comes_with_the_package(hub: FakeHub) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM("nano", settings=TrainSettings(epochs=1)).fit(survey, space)
    push(lm, REPOSITORY)
    assert ModelCard(hub.repositories[REPOSITORY]["README.md"].decode()).data.get("base_model") is None
    np.testing.assert_array_equal(
        SteeredLM.load(REPOSITORY).predict(space.vectors, survey.questions[0]),
        lm.predict(space.vectors, survey.questions[0]),
    )


@pytest.mark.usefixtures("hub")
def test_what_the_hub_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = steered()
    with pytest.raises(SettingError, match="write ORGANISATION/NAME"):
        push(lm, "steered")
    with pytest.raises(SettingError, match="not a name the hub allows"):
        push(lm, "org/steered--")
    with pytest.raises(UnknownNameError, match="the hub shows no model 'org/nothing'"):
        SteeredLM.load("org/nothing", lm.model)
    with pytest.raises(NotFittedError):
        push(SteeredLM(lm.model), REPOSITORY)
    push(lm, REPOSITORY)
    with pytest.raises(UnknownNameError, match="or not this revision of it"):
        SteeredLM.load(REPOSITORY, lm.model, revision="v9")
    with pytest.raises(SettingError, match="refuses this"):
        push(lm, REPOSITORY, token="hf_wrong")  # noqa: S106
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(SettingError, match="hf auth login"):
        push(lm, REPOSITORY)


def test_no_hub_within_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        point_at(f"http://127.0.0.1:{free.getsockname()[1]}", monkeypatch, tmp_path)
    lm = steered()
    with pytest.raises(ServerError, match="cannot be reached"):
        push(lm, REPOSITORY, token="hf_right")  # noqa: S106
    with pytest.raises(ServerError, match="cannot be reached"):
        SteeredLM.load(REPOSITORY, lm.model)


@pytest.mark.parametrize("change", [{"dim": 9}, {"attachment": {"place": 1}}, {"settings": None}, {"soft_prompt": 3}])
def test_a_foreign_config_is_an_error_that_says_so(change: dict[str, object], tmp_path: Path) -> None:
    lm = steered()
    lm.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    missing = {key: value for key, value in config.items() if key not in change}
    for damaged in (config | change, missing):
        (tmp_path / "config.json").write_text(json.dumps(damaged))
        with pytest.raises(RunError, match=rf"config.json is damaged, .*{next(iter(change))}|soft_prompt.safetensors"):
            SteeredLM.load(tmp_path, lm.model)


@pytest.mark.parametrize("name", ["typo", "./typo", "../no/typo", "~/typo", "/no/typo", "a/b/c", "runs/typo"])
def test_a_name_that_is_a_path_is_not_asked_for_on_the_hub(
    hub: FakeHub, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    with pytest.raises(RunError, match=f"there is no folder '{name}'.* ORGANISATION/NAME"):
        SteeredLM.load(name)
    with pytest.raises(RunError, match="there is no folder 'org/missing'"):
        SteeredLM.load(Path("org/missing"))
    assert hub.requests == []
    with pytest.raises(UnknownNameError, match="the hub shows no model 'org/missing'"):
        SteeredLM.load("org/missing")
    assert hub.requests
