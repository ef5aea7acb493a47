"""The command line as a user meets it: a small run from survey to answers, and one-line errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from personaspace.survey.simulate import simulate
from tests.steer.conftest import tiny_model


def personaspace(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "personaspace.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def succeed(*arguments: str | Path) -> Any:
    done = personaspace(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def fail(*arguments: str | Path, status: int = 1) -> str:
    done = personaspace(*arguments)
    assert done.returncode == status, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    if status == 1:
        assert done.stderr.splitlines()[-1].startswith("error: ")
        assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1
    return done.stderr


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny = tiny_model("gpt2")
    tiny.model.save_pretrained(folder)
    tiny.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small survey as a stranger would bring it: a wide CSV beside its codebook."""
    folder = tmp_path_factory.mktemp("survey")
    survey = simulate(respondents=80, seed=0).select(questions=range(12))
    wide = pd.DataFrame({"id": survey.respondents, "age": survey.traits.iloc[:, 0].to_numpy()})
    for j, question in enumerate(survey.questions):
        chosen = survey.answers.question == j
        texts = {
            int(r): question.options[o].text
            for r, o in zip(survey.answers.respondent[chosen], survey.answers.option[chosen], strict=True)
        }
        wide[question.id] = [texts.get(i) for i in range(len(survey.respondents))]
    wide.to_csv(folder / "answers.csv", index=False)
    questions = {q.id: {"text": q.text, "options": [o.text for o in q.options]} for q in survey.questions}
    codebook = {"respondent": "id", "traits": ["age"], "questions": questions}
    (folder / "answers.codebook.json").write_text(json.dumps(codebook))
    return folder / "answers.csv"


@pytest.fixture(scope="module")
def run(table: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    succeed("fit", table, "--out", folder, "--embedder", "factorization", "--personas", "3")
    succeed("steer", folder, "--model", model, "--epochs", "1")
    return folder


def test_evaluate_writes_and_prints_the_table(run: Path) -> None:
    printed = succeed("evaluate", run, "--json")
    assert printed == json.loads((run / "evaluation" / "results.json").read_text())
    methods = {row["method"] for row in printed["rows"]}
    assert {"majority", "embedder alone: factorization", "individual", "cluster k=3", "demographic: age"} <= methods
    assert "macro accuracy" in succeed("evaluate", run)


def test_ask_answers_for_every_persona_and_for_those_named(run: Path) -> None:
    asked = ("ask", run, "Is it late?", "--option", "Yes", "--option", "No", "--json")
    answers = succeed(*asked)["answers"]
    assert set(answers) == {"cluster-1", "cluster-2", "cluster-3"}
    assert all(abs(sum(row.values()) - 1) < 1e-5 for row in answers.values())
    assert set(succeed(*asked, "--persona", "cluster-2")["answers"]) == {"cluster-2"}
    assert "did you mean 'cluster-2'" in fail(*asked, "--persona", "clster-2")


def test_markup_in_questions_is_shown_as_it_is(run: Path) -> None:
    shown = succeed("ask", run, "[bold]Late?[/bold]", "--option", "[red]Yes", "--option", "No")
    assert "[bold]Late?[/bold]" in shown
    assert "[red]Yes" in shown


def test_generate_writes_for_every_persona(run: Path) -> None:
    arguments = ("generate", run, "Why?", "--max-new-tokens", "4", "--json")
    first, second = succeed(*arguments)["answers"], succeed(*arguments)["answers"]
    assert set(first) == {"cluster-1", "cluster-2", "cluster-3"}
    assert first == second


def test_finished_stages_are_not_done_again(run: Path, table: Path) -> None:
    before = (run / "manifest.json").read_text()
    succeed("fit", table, "--out", run, "--embedder", "factorization", "--personas", "3")
    assert (run / "manifest.json").read_text() == before


def test_a_fitted_run_is_evaluated_without_a_language_model(table: Path, tmp_path: Path) -> None:
    succeed("fit", table, "--out", tmp_path / "run", "--embedder", "factorization", "--personas", "2")
    results = succeed("evaluate", tmp_path / "run", "--json")
    assert results["model"] is None
    assert "individual" not in {row["method"] for row in results["rows"]}


def test_a_run_fitted_on_everything_is_not_scored(table: Path, tmp_path: Path) -> None:
    succeed("fit", table, "--out", tmp_path / "run", "--embedder", "factorization", "--personas", "2",
            "--use-everything")  # fmt: skip
    assert "--use-everything" in fail("evaluate", tmp_path / "run")


def test_a_killed_training_goes_on_where_it_was(model: Path, tmp_path: Path, table: Path) -> None:
    other = tmp_path / "run"
    succeed("fit", table, "--out", other, "--embedder", "factorization", "--personas", "3")
    command = [sys.executable, "-m", "personaspace.cli", "steer", str(other), "--model", str(model), "--epochs", "50"]
    training = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    checkpoint = other / "steer" / "checkpoint" / "training.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(training.pid, signal.SIGKILL)
    training.wait()
    assert "no stage 'steer'" in fail("ask", other, "Late?", "--option", "Yes", "--option", "No")
    succeed("steer", other, "--model", model, "--epochs", "50")
    assert not checkpoint.exists()
    assert (other / "steer" / "soft_prompt.safetensors").exists()


def test_one_line_errors(run: Path, table: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "new")
    assert "did you mean 'lightgcn'" in fail("fit", table, *out, "--embedder", "lightgnc")
    assert "codebook" in fail("fit", _without_codebook(table, tmp_path), *out)
    assert "give 'elbow', 'silhouette', 'stability', 'recommended' or a number" in fail(
        "fit", table, *out, "--personas", "many"
    )
    assert "did you mean 'hdbscan'" in fail("fit", table, *out, "--clusters", "dbscan")
    assert "leave k out" in fail("fit", table, *out, "--personas", "3", "--clusters", "hdbscan")
    assert "999" in fail("fit", table, "--out", tmp_path / "k", "--embedder", "factorization", "--personas", "999")
    assert "no-file" not in fail("fit", "no-file", *out, "--personas", "0")
    assert "no-file" not in fail("fit", "no-file", *out, "--clusters", "dbscan")
    assert "unknown model 'nana': did you mean 'nano'?" in fail("steer", run, "--model", "nana")
    assert "is not a run folder" in fail("evaluate", tmp_path / "nowhere")
    assert "1 option" in fail("ask", run, "Late?", "--option", "Yes")
    fail("ask", status=2)


def test_damaged_runs_say_what_to_do(run: Path, tmp_path: Path) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(run, broken)
    (broken / "embedding" / "weights.safetensors").write_bytes(b"nonsense")
    assert "run `personaspace fit SURVEY" in fail("evaluate", broken)


def _without_codebook(table: Path, folder: Path) -> Path:
    lonely = folder / "lonely.csv"
    lonely.write_bytes(table.read_bytes())
    return lonely


def test_help_gives_an_example_for_every_command() -> None:
    for command in ("demo", "fit", "steer", "evaluate", "ask", "generate", "impute", "next"):
        assert "Example: personaspace" in succeed(command, "--help")


def test_a_refit_says_which_names_stay_and_two_respondents_are_fitted(table: Path, tmp_path: Path) -> None:
    settings = ("--out", tmp_path / "run", "--embedder", "factorization")
    succeed("fit", table, *settings, "--personas", "2")
    again = personaspace("fit", table, *settings, "--personas", "3")
    assert "names kept: cluster-1, cluster-2; new: cluster-3; retired: none" in again.stderr
    assert "" not in again.stderr.splitlines()
    rows = pd.read_csv(table).head(2)
    rows.to_csv(tmp_path / "two.csv", index=False)
    (tmp_path / "two.codebook.json").write_bytes(table.with_name("answers.codebook.json").read_bytes())
    alone = ("--use-everything", "--embedder", "factorization", "--personas", "2")
    assert "no persona has two members" in succeed("fit", tmp_path / "two.csv", "--out", tmp_path / "two", *alone)
