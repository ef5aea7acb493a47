"""``ask`` and ``generate`` as a user meets them, on a small run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from personaspace.cli import app
from personaspace.errors import PersonaSpaceError, SettingError, UnknownNameError
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate
from tests.steer.conftest import tiny_model

ASK = ("Is it late?", "--option", "Yes", "--option", "No", "--option", "Not sure")
CLUSTERS = {"cluster-1", "cluster-2"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    tiny = tiny_model("gpt2")
    tiny.model.save_pretrained(folder / "model")
    tiny.tokenizer.save_pretrained(folder / "model")
    opened = Run.create(folder / "run")
    fit_run(opened, simulate(respondents=80, seed=0).select(questions=range(12)), embedder="factorization", personas=2)
    steer_run(opened, str(folder / "model"), settings=TrainSettings(epochs=1), refusals=True)
    return folder / "run"


def invoke(command: str, run: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(app, [command, str(run), *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments and "--stream" not in arguments else result.stdout


def test_ask_tells_sensitivity_intervals_and_refusals(run: Path) -> None:
    more = ("--orders", "6", "--alphabets", "ABC,123", "--interval")
    told = invoke("ask", run, *ASK, *more, "--json")
    assert set(told["answers"]) == set(told["refused"]) == set(told["sensitivity"]) == CLUSTERS
    assert all(0 <= told["refused"][name] <= 1 for name in CLUSTERS)
    assert all(told["low"][name][o] <= told["high"][name][o] for name in CLUSTERS for o in ("Yes", "No", "Not sure"))
    assert 0 < told["mean_total_variation"] < 1
    assert told["share_whose_top_changes"] in (0, 0.5, 1)
    shown = invoke("ask", run, *ASK, *more)
    assert " to " in shown
    assert "would refuse to answer: cluster-1" in shown
    assert "between phrasings answers differ by" in shown


def test_a_mixture_may_be_asked(run: Path) -> None:
    told = invoke("ask", run, *ASK, "--mix", "cluster-1=1,cluster-2=3", "--persona", "cluster-1", "--json")
    assert list(told["answers"]) == ["cluster-1", "0.25 cluster-1 + 0.75 cluster-2"]
    only = invoke("ask", run, *ASK, "--mix", "cluster-1=2", "--json")["answers"]
    assert next(iter(only.values())) == pytest.approx(told["answers"]["cluster-1"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("--mix", "cluster-9=1"), UnknownNameError, "unknown persona 'cluster-9'"),
        (("--mix", "cluster-1=much"), SettingError, "write NAME=WEIGHT"),
        (("--mix", "cluster-1"), SettingError, "write NAME=WEIGHT"),
        (("--mix", "cluster-1=1,cluster-1=2"), SettingError, "every name once"),
        (("--mix", "cluster-1=nan"), SettingError, "weights are finite"),
        (("--mix", "cluster-1=0"), SettingError, "one is above 0"),
        (("--strength", "inf"), SettingError, "strength is inf"),
        (("--alphabets", "XYZ"), UnknownNameError, "unknown alphabet 'XYZ'"),
        (("--option", "Yes"), PersonaSpaceError, "'Yes' twice"),
    ],
)
def test_what_cannot_be_asked_is_said(
    run: Path, arguments: tuple[str, ...], error: type[PersonaSpaceError], message: str
) -> None:
    with pytest.raises(error, match=message):
        invoke("ask", run, *ASK, *arguments)


def test_generate_takes_prompts_samples_and_strength(run: Path) -> None:
    short = ("--max-new-tokens", "4", "--temperature", "0", "--json")
    base = invoke("generate", run, "Why?", *short, "--strength", "0")["answers"]
    assert set(base) == CLUSTERS
    assert base["cluster-1"] == base["cluster-2"]
    both = invoke("generate", run, "Why?", "Who?", *short, "--samples", "2")["prompts"]
    assert [entry["prompt"] for entry in both] == ["Why?", "Who?"]
    assert all(len(texts) == 2 for entry in both for texts in entry["answers"].values())


def test_a_stream_adds_up_to_what_generate_prints(run: Path) -> None:
    arguments = ("Why?", "--max-new-tokens", "6", "--json")
    texts = dict.fromkeys(CLUSTERS, "")
    for line in invoke("generate", run, *arguments, "--stream").splitlines():
        piece = json.loads(line)
        texts[piece["persona"]] += piece["text"]
    assert texts == invoke("generate", run, *arguments)["answers"]
    assert "Why?  cluster-1" in invoke("generate", run, "Why?", "--max-new-tokens", "3", "--stream")
