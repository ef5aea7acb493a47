"""``personaspace export``: PEFT folders, input embeddings and system prompts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from personaspace.commands.export import export
from personaspace.errors import SettingError, UnknownNameError
from personaspace.profiles.system_prompt import system_prompt
from personaspace.runs.fitted import open_run
from tests.commands.line import fail, succeed


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


def test_system_prompts_of_a_run_that_was_never_steered(fitted_run: Path) -> None:
    listed = succeed("export", fitted_run, "--as", "system-prompt", "--json")
    run = open_run(fitted_run)
    assert [prompt["persona"] for prompt in listed] == list(run.personas.names)
    assert listed[0] == {
        "persona": "cluster-1",
        "share": run.personas[0].share,
        "system_prompt": system_prompt(run.personas[0], run.split.train, embedder=run.embedder),
    }
    text = succeed("export", fitted_run, "--as", "system-prompt")
    assert text == "\n\n".join(f"{prompt['persona']}\n\n{prompt['system_prompt']}\n" for prompt in listed)


def test_system_prompts_of_every_kind_of_persona_for_a_question(fitted_run: Path) -> None:
    run = open_run(fitted_run)
    train = run.split.train
    asked = run.split.survey.questions[0]
    respondent, value = train.respondents[0], train.traits["sex"].iloc[0]
    chosen = [f"--persona=respondent-{respondent}", f"--persona=sex={value}", "--mix=cluster-1=1,cluster-2=1"]
    options = [f"--option={option.text}" for option in asked.options]
    given = ["--as=system-prompt", *chosen, f"--question={asked.text}", *options, "--k=2", "--json"]
    listed = succeed("export", fitted_run, *given)
    assert [prompt["persona"] for prompt in listed] == [f"respondent-{respondent}", f"sex={value}",
                                                        "0.5 cluster-1 + 0.5 cluster-2"]  # fmt: skip
    assert [prompt["system_prompt"].count("- To “") for prompt in listed] == [2, 2, 2]
    assert not any(f"“{asked.text}”" in prompt["system_prompt"] for prompt in listed)


def test_system_prompts_are_written_as_json_and_csv(fitted_run: Path, tmp_path: Path) -> None:
    given = ("export", fitted_run, "--as", "system-prompt", "--out")
    said = succeed(*given, tmp_path)
    assert said.splitlines()[0] == f"cluster-1: {tmp_path / 'system_prompts.json'}"
    printed = succeed(*given[:-1], "--json")
    assert json.loads((tmp_path / "system_prompts.json").read_text()) == printed
    written = succeed(*given, tmp_path / "p.csv", "--json")
    assert (written["to"], written["written"]["cluster-1"]) == ("system-prompt", str(tmp_path / "p.csv"))
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["system_prompt"] for row in rows] == [prompt["system_prompt"] for prompt in printed]
    assert succeed(*given, tmp_path / "p.json", "--persona", "cluster-2") == f"cluster-2: {tmp_path / 'p.json'}\n"
    assert len(json.loads((tmp_path / "p.json").read_text())) == 1


def test_system_prompts_say_what_is_allowed(fitted_run: Path) -> None:
    given = ("export", fitted_run, "--as", "system-prompt")
    assert "unknown persona 'cluster-9'" in fail(*given, "--persona", "cluster-9")
    assert "options are given with no question" in fail(*given, "--option", "Yes")
    assert "a question needs at least two" in fail(*given, "--question", "Tea?", "--option", "Yes")
    assert "Invalid value for '--k'" in fail(*given, "--k", "0", status=2)
    assert "give --out FOLDER" in fail("export", fitted_run)
