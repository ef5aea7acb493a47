from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from personaspace.embedding.base import CONFIG, WEIGHTS
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.registry import embedders, load_embedder, make_embedder
from personaspace.errors import RunError, SettingError, UnknownNameError
from personaspace.survey.simulate import simulate


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    Factorization(dim=2, epochs=1).fit(simulate(respondents=20)).save(tmp_path)
    return tmp_path


def test_embedders_by_name() -> None:
    assert list(embedders()) == ["autoencoder", "committee", "factorization", "lightgcn"]
    assert asdict(make_embedder("lightgcn", dim=8)) == asdict(LightGCN(dim=8))


def test_an_unknown_embedder_or_setting_names_its_neighbour() -> None:
    with pytest.raises(UnknownNameError, match="unknown embedder 'lightgnc': did you mean 'lightgcn'"):
        make_embedder("lightgnc")
    with pytest.raises(UnknownNameError, match="unknown setting of lightgcn 'layer': did you mean 'layers'"):
        make_embedder("lightgcn", layer=3)
    with pytest.raises(UnknownNameError, match="unknown loss 'crossentropy': did you mean 'cross-entropy'"):
        make_embedder("factorization", loss="crossentropy")


@pytest.mark.parametrize(("setting", "value"), [("dropout", 1.0), ("learning_rate", 0.0), ("prior", -1.0)])
def test_settings_between_bounds(setting: str, value: float) -> None:
    with pytest.raises(SettingError, match=f"{setting} is {value}: a number between"):
        make_embedder("lightgcn", **{setting: value})


def test_a_folder_holds_open_formats_only(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {CONFIG, WEIGHTS}
    config = json.loads((saved / CONFIG).read_text())
    assert (config["embedder"], config["settings"]["dim"], len(config["respondents"])) == ("factorization", 2, 20)


def test_a_damaged_folder_is_one_clear_error(saved: Path) -> None:
    weights = (saved / WEIGHTS).read_bytes()
    (saved / WEIGHTS).write_bytes(weights[:50])
    with pytest.raises(RunError, match="is corrupt"):
        load_embedder(saved)
    (saved / WEIGHTS).unlink()
    with pytest.raises(RunError, match="is missing"):
        load_embedder(saved)
    (saved / WEIGHTS).write_bytes(weights)
    (saved / CONFIG).write_text('{"format": 99}')
    with pytest.raises(RunError, match="not of format 1"):
        load_embedder(saved)


def test_a_saved_embedder_is_used_without_torch(tmp_path: Path) -> None:
    """Loading torch takes seconds, and only fitting needs it."""
    survey = simulate(respondents=40)
    for name in embedders():
        settings = {"dim": 13, "repeats": 1} if name == "committee" else {"dim": 4}
        make_embedder(name, epochs=1, **settings).fit(survey).save(tmp_path / name)
    code = f"""
import sys
from pathlib import Path
from personaspace.embedding.registry import load_embedder
from personaspace.imputation.next_question import next_question
for folder in Path({str(tmp_path)!r}).iterdir():
    next_question(load_embedder(folder), {{}})
print(sorted(set(sys.modules) & {{"torch", "transformers"}}))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert found.stdout.strip() == "[]", found.stderr
