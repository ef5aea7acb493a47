from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.base import CONFIG, WEIGHTS
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.registry import embedders, load_embedder, make_embedder
from personaspace.errors import RunError, SettingError, UnknownNameError
from personaspace.files import write_tensors
from personaspace.survey.simulate import simulate


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    Factorization(dim=2, epochs=1).fit(simulate(respondents=20)).save(tmp_path)
    return tmp_path


def test_embedders_by_name() -> None:
    assert list(embedders()) == ["autoencoder", "committee", "ease", "factorization", "gaussian", "lightgcn"]
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
    with pytest.raises(SettingError, match=f"{setting} is {value}: give a number"):
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
    with pytest.raises(RunError, match="not of format 2"):
        load_embedder(saved)


def test_a_saved_embedder_is_used_without_torch(tmp_path: Path) -> None:
    """Loading torch takes seconds, and only fitting needs it."""
    survey = simulate(respondents=40)
    for name in embedders():
        make_embedder(name, dim=26 if name == "committee" else 4).fit(survey).save(tmp_path / name)
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


def change(folder: Path, **changes: object) -> None:
    content = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(content | changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"settings": {"dim": "x"}}, "settings that are not allowed .at its content: input should be a valid integer"),
        ({"settings": {"dim": 2, "loss": ["squared"]}}, "settings that are not allowed"),
        ({"settings": {"dim": -2}}, "settings that are not allowed .dim is -2"),
        ({"settings": {"dims": 2}}, "settings that are not allowed .unknown setting"),
        ({"settings": [2]}, "at settings: input should be a valid dictionary"),
        ({"respondents": ["a", 7]}, r"at respondents\.1: input should be a valid string"),
        ({"respondents": ["a", "a"]}, "1 respondent id.s. occur more than once"),
        ({"respondents": ["a"]}, r"'respondents_' has shape \[20, 2\], expected \[1, 2\]"),
        ({"settings": {"dim": 3}}, r"'respondents_' has shape \[20, 2\], expected \[20, 3\]"),
        (
            {"questions": [{"id": "q", "text": "Well?", "options": [{"text": "Yes"}]}]},
            r"at questions\.0: question 'q' has 1",
        ),
    ],
)
def test_a_damaged_config_is_named(saved: Path, changes: dict[str, object], says: str) -> None:
    change(saved, **changes)
    with pytest.raises(RunError, match=says):
        load_embedder(saved)


@pytest.mark.parametrize("name", list(embedders()))
def test_arrays_that_do_not_fit_or_are_no_numbers_are_refused(name: str, tmp_path: Path) -> None:
    embedder = make_embedder(name, dim=26 if name == "committee" else 4).fit(simulate(respondents=30))
    for array in embedder.state():
        for what, damaged in (
            ("finite", np.full_like(embedder.state()[array], np.nan)),
            ("finite", embedder.state()[array].astype(np.int32)),
            ("has shape", embedder.state()[array][..., None]),
            ("lacks the array", None),
        ):
            embedder.save(tmp_path)
            kept = {key: value for key, value in embedder.state().items() if key != array}
            write_tensors(tmp_path / WEIGHTS, kept if damaged is None else kept | {array: damaged})
            with pytest.raises(RunError, match=what):
                load_embedder(tmp_path)
