"""``personaspace fit`` on a small survey as a stranger would bring it: a wide CSV beside its codebook."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd

from personaspace.embedding.registry import load_embedder
from tests.commands.line import fail, personaspace, succeed
from tests.persona.planted import unstructured

QUICK = ("--embedder", "factorization")


def test_a_survey_is_fitted_once(table: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shown = succeed("fit", table, "--out", run, *QUICK, "--personas", "3", "--json")
    assert [persona["persona"] for persona in shown["personas"]] == ["cluster-1", "cluster-2", "cluster-3"]
    assert sum(persona["respondents"] for persona in shown["personas"]) == 64
    before = (run / "manifest.json").read_text()
    assert "written to" in succeed("fit", table, "--out", run, *QUICK, "--personas", "3")
    assert (run / "manifest.json").read_text() == before


def test_traits_are_questions_where_asked_for(table: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    succeed("fit", table, "--out", run, *QUICK, "--personas", "2")
    assert not load_embedder(run / "embedding").traits_
    succeed("fit", table, "--out", run, *QUICK, "--personas", "2", "--traits-as-questions")
    assert load_embedder(run / "embedding").traits_


def test_a_run_fitted_on_everything_is_not_scored(table: Path, tmp_path: Path) -> None:
    succeed("fit", table, "--out", tmp_path / "run", *QUICK, "--personas", "2", "--use-everything")
    assert "--use-everything" in fail("evaluate", tmp_path / "run")


def test_a_refit_says_which_names_stay_and_two_respondents_are_fitted(table: Path, tmp_path: Path) -> None:
    settings = ("--out", tmp_path / "run", *QUICK)
    succeed("fit", table, *settings, "--personas", "2")
    again = personaspace("fit", table, *settings, "--personas", "3")
    assert "names kept: cluster-1, cluster-2; new: cluster-3; retired: none" in again.stderr
    assert "" not in again.stderr.splitlines()
    pd.read_csv(table).head(2).to_csv(tmp_path / "two.csv", index=False)
    shutil.copy(table.with_name("answers.codebook.json"), tmp_path / "two.codebook.json")
    alone = ("--use-everything", *QUICK, "--personas", "2")
    assert "expected to give the same answers: there is one persona" in succeed(
        "fit", tmp_path / "two.csv", "--out", tmp_path / "two", *alone
    )


def test_a_survey_without_groups_has_one_persona_and_everything_works_with_it(tmp_path: Path) -> None:
    survey = unstructured(300, 30, 0.5, 0)
    frame = survey.to_frame().rename_axis("id").reset_index()
    frame.to_csv(tmp_path / "noise.csv", index=False)
    texts = [option.text for option in survey.questions[0].options]
    questions = {name: {"text": f"Statement {name}", "options": texts} for name in frame.columns[1:]}
    book = {"respondent": "id", "traits": [], "questions": questions}
    (tmp_path / "noise.codebook.json").write_text(json.dumps(book))
    run = tmp_path / "run"
    printed = succeed("fit", tmp_path / "noise.csv", "--out", run, "--use-everything")
    assert "These answers do not show that there are groups of people" in " ".join(printed.split())
    shown = succeed("fit", tmp_path / "noise.csv", "--out", run, "--use-everything", "--json")
    assert [persona["respondents"] for persona in shown["personas"]] == [300]
    assert "These answers do not show that there are groups of people" in shown["notes"][0]
    assert "do not differ significantly" in succeed("personas", run, "--json")["personas"]["cluster-1"]["card"]
    assert succeed("map", run, "--out", tmp_path / "map.html", "--json")["shown"] == 300


def test_errors_say_what_is_allowed(table: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "new")
    assert "did you mean 'lightgcn'" in fail("fit", table, *out, "--embedder", "lightgnc")
    rules = "give 'elbow', 'silhouette', 'stability', 'recommended' or a number"
    assert rules in fail("fit", table, *out, "--personas", "many")
    assert "did you mean 'hdbscan'" in fail("fit", table, *out, "--clusters", "dbscan")
    assert "leave k out" in fail("fit", table, *out, "--personas", "3", "--clusters", "hdbscan")
    assert "999" in fail("fit", table, "--out", tmp_path / "k", *QUICK, "--personas", "999")


def test_settings_are_checked_before_the_survey_is_read(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "new")
    assert "no-file" not in fail("fit", "no-file", *out, "--personas", "0")
    assert "no-file" not in fail("fit", "no-file", *out, "--clusters", "dbscan")
    assert "no-file" in fail("fit", "no-file", *out)


def test_without_a_codebook_the_guesses_are_said_and_kept(table: Path, tmp_path: Path) -> None:
    lonely = Path(shutil.copy(table, tmp_path / "lonely.csv"))
    run = tmp_path / "run"
    done = personaspace("fit", lonely, "--out", run, *QUICK, "--personas", "2")
    assert done.status == 0
    assert "what the columns are for was guessed" in " ".join(done.stderr.split())
    again = succeed("fit", lonely, "--codebook", run / "survey" / "codebook.yaml", "--out", run, *QUICK, "--json")
    rows = {row["what"]: row["count"] for row in again["read"]}
    assert rows["rows"] == rows["respondents"] == len(pd.read_csv(lonely))
    assert rows["answers"] + rows.get("refused", 0) + rows.get("no answer", 0) == rows["rows"] * rows["questions"]
    assert {"set apart: respondents", "set apart: answers", "set apart: questions"} <= rows.keys()
    assert (run / "survey" / "account.csv").exists()


def test_waves_are_joined_by_a_column(table: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(table, dtype=str)
    first, second = (
        frame.iloc[:, : len(frame.columns) // 2],
        frame.iloc[:, [0, *range(len(frame.columns) // 2, len(frame.columns))]],
    )
    first.to_csv(tmp_path / "w1.csv", index=False)
    second.to_csv(tmp_path / "w2.csv", index=False)
    waves = (tmp_path / "w1.csv", tmp_path / "w2.csv")
    shown = succeed(
        "fit", *waves, "--on", frame.columns[0], "--out", tmp_path / "run", *QUICK, "--json", "--personas", "2"
    )
    assert {row["what"]: row["count"] for row in shown["read"]}["respondents"] == len(frame)


def test_whole_groups_and_protocols_are_set_apart_and_kept_in_the_run(table: Path, tmp_path: Path) -> None:
    by_battery = ("fit", table, "--out", tmp_path / "run", *QUICK, "--personas", "2", "--hold-out-by", "battery")
    apart = {row["what"]: row["which"] for row in succeed(*by_battery, "--json")["read"]}
    assert "whole groups by battery" in apart["set apart: questions"]
    splits = {row["split"] for row in succeed("evaluate", tmp_path / "run", "--json")["rows"]}
    assert "held-out questions, by battery" in splits
    assert "held-out questions" not in splits
    gems = ("fit", table, "--out", tmp_path / "gems", *QUICK, "--personas", "2", "--protocol", "gems")
    apart = {row["what"]: row["count"] for row in succeed(*gems, "--json")["read"]}
    assert {what for what in apart if "set apart" in what} == {"set apart: answers"}
    kept = json.loads((tmp_path / "gems" / "manifest.json").read_text())["stages"]["survey"]["settings"]["split"]
    assert (kept["protocol"], kept["unseen_respondents"]) == ("gems", 0.6)


def test_ways_to_set_apart_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    out = ("fit", "no-file", "--out", tmp_path / "new")
    assert "--use-everything sets nothing apart" in fail(*out, "--use-everything", "--hold-out-by", "topic")
    assert "sets it to 0.6" in fail(*out, "--protocol", "gems", "--held-out-answers", "0.1")
    assert "unknown grouping of questions 'waves': did you mean 'wave'" in fail(*out, "--hold-out-by", "waves")
    assert "unknown protocol 'gem': did you mean 'gems'" in fail(*out, "--protocol", "gem")
