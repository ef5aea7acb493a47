"""``personaspace evaluate`` on a survey with little in it: what cannot be measured is n/a, for a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from personaspace.survey.simulate import simulate
from tests.commands.line import fail, personaspace, succeed

PEOPLE = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No traits, weights, topics or order; a question of 700 options; a respondent with one answer; fitted."""
    folder = tmp_path_factory.mktemp("strange")
    survey = simulate(respondents=PEOPLE, seed=0).select(questions=range(10))
    wide = survey.to_frame().reset_index(drop=True).astype(object)
    places = [f"place {i}" for i in range(700)]
    wide["place"] = np.random.default_rng(0).choice(places, PEOPLE)
    wide.iloc[0, 1:] = None
    wide.insert(0, "id", [f"p{i}" for i in range(PEOPLE)])
    wide.to_csv(folder / "answers.csv", index=False)
    questions = {q.id: {"text": q.text, "options": [o.text for o in q.options], "ordinal": False}
                 for q in survey.questions}  # fmt: skip
    questions["place"] = {"text": "Which place?", "options": places, "ordinal": False}
    book = {"respondent": "id", "traits": [], "questions": questions}
    (folder / "answers.codebook.json").write_text(json.dumps(book))
    quick = ("--embedder", "factorization", "--personas", "2")
    succeed("fit", folder / "answers.csv", "--out", folder / "run", *quick)
    return folder / "run"


def test_what_cannot_be_measured_is_n_a_with_the_reason(run: Path, tiny_folder: Path) -> None:
    rows = "majority,group-majority,embedder-alone,similar-question,raw-question,demographics,context K=3,system-prompt"
    chosen = ("evaluate", run, "--model", tiny_folder, "--rows", rows, "--known", "0", "--answers", "40")
    done = personaspace(*chosen)
    assert done.status == 0, done.stderr
    said = " ".join(done.stdout.split())
    for note in (
        "group majority, demographics: n/a, the survey has no traits",
        "n/a, 700 option(s) given: a question takes 2 to 676 with the labels AA to ZZ (on ",
        "n/a, no answers of the respondents are known (on unseen respondents K=0",
    ):
        assert note in said, said
    assert not re.search(r"\bnan\b|Traceback", done.stdout + done.stderr)
    results = succeed(*chosen, "--json")
    missing = {row["metric"] for row in results["rows"] if row["value"] is None}
    assert {"wasserstein", "sd_ratio", "correlation_slope"} <= missing
    for metric in missing:
        assert any(metric in note and "n/a" in note for note in results["notes"]), metric


def test_rows_that_nothing_can_be_measured_of_are_refused(run: Path) -> None:
    assert "group majority: n/a, the survey has no traits" in fail("evaluate", run, "--rows", "group-majority")
    error = fail("evaluate", run, "--rows", "cluster k=2")
    assert "row 'cluster k=2' needs a steered model, and there is none" in error
