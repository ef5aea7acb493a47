"""Blanks are filled in the survey's own format, and nothing else is touched."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
import yaml

from personaspace.errors import RunError, SurveyError, UnknownNameError
from personaspace.imputation.multiple import Imputation
from personaspace.runs.fit import fit_run, note_source
from personaspace.runs.impute import CompletedCopies, impute_run
from personaspace.runs.run import Run
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split_settings import SplitSettings
from personaspace.survey.storage import write_survey
from personaspace.survey.survey import Survey
from tests.survey.sources import write_opinionqa, write_table

EVERYTHING = SplitSettings(0.0, 0.0, 0.0)
QUESTIONS = {
    "trust": {"text": "Trust?", "options": {"1": "Never", "2": "Sometimes", "3": "Always"}},
    "drink": {"text": "Drink?", "options": ['a "Tea", please', "Coffee", "Nothing"], "ordinal": False},
    "police": {"text": "The police?", "scale": {"low": 0, "high": 100}},
}
CODEBOOK = {
    "respondent": "id",
    "traits": ["age"],
    "refusals": ["-9"],
    "missing": ["-1"],
    "questions": QUESTIONS,
}
WIDE = (
    '\ufeffid,age,"trust",drink,police,note\r\n'
    '001,old,1.0,"A ""tea"", PLEASE",74,"two\r\nlines"\r\n'
    "\r\n"
    '002,"young",,Coffee,,plain\r\n'
    "003,,-9,,33,\r\n"
    "004,old,-1,Coffee,50.5,\r\n"
    "005,old,2.0,Nothing,0,x"
)
LONG = (
    "id;age;question;answer\n"
    "001;old;trust;3\n001;old;drink;Coffee\n"
    "002;young;trust;\n002;young;police;20\n"
    "003;old;police;-9\n003;old;drink;Nothing\n"
)  # fmt: skip


def write_source(folder: Path, text: str, **codebook: object) -> Path:
    path = folder / "answers.csv"
    path.write_bytes(text.encode())
    (folder / "answers.codebook.yaml").write_text(yaml.safe_dump(CODEBOOK | codebook))
    return path


def fitted(source: Path, folder: Path) -> Run:
    run = Run.create(folder / "run")
    fit_run(run, read_survey(source), embedder="factorization", personas=1, settings=EVERYTHING)
    note_source(run, [str(source)], None)
    return run


def check_copies(written: CompletedCopies, source: Path) -> list[Survey]:
    """Every copy reads as the source with exactly the cells of the table of imputed cells added."""
    survey = read_survey(source)
    beside = next(source.parent.glob("*.codebook.yaml"), None) if source.is_file() else None
    copies = [read_survey(path, codebook=beside, name=survey.name) for path in written.copies]
    listed = pd.read_parquet(written.imputed_cells)
    for draw, copy in enumerate(copies, start=1):
        assert (copy.respondents, copy.questions, copy.traits.equals(survey.traits)) == (
            survey.respondents, survey.questions, True)  # fmt: skip
        real, now = _answers(survey), _answers(copy)
        assert {cell: now[cell] for cell in real} == real
        rows = listed[listed["draw"] == draw]
        drawn = dict(zip(zip(rows["respondent"], rows["question"], strict=True), rows["option"], strict=True))
        assert {cell: text for cell, text in now.items() if cell not in real} == drawn
        assert len(drawn) == written.cells
    return copies


def _answers(survey: Survey) -> dict[tuple[str, str], str]:
    a, q = survey.answers, survey.questions
    return {
        (survey.respondents[r], q[j].id): q[j].options[o].text
        for r, j, o in zip(a.respondent.tolist(), a.question.tolist(), a.option.tolist(), strict=True)
    }


def test_a_wide_table_keeps_every_other_byte(tmp_path: Path) -> None:
    source = write_source(tmp_path, WIDE)
    written = impute_run(fitted(source, tmp_path), draws=3)
    assert written.own_format
    assert written.cells == 4
    check_copies(written, source)
    text = written.copies[0].read_bytes().decode()
    before, after = WIDE.split("\r\n"), text.split("\r\n")
    for line in (0, 1, 2, 3, 7):
        assert after[line] == before[line]
    assert after[4].startswith('002,"young",') and after[4].endswith(",plain")
    assert after[4].split(",")[2] in {"1.0", "2.0", "3"}
    assert after[5].startswith("003,,-9,") and after[5].endswith(",33,")


def test_a_long_table_fills_empty_rows_and_adds_the_missing_ones(tmp_path: Path) -> None:
    source = write_source(tmp_path, LONG, layout="long", delimiter=";")
    written = impute_run(fitted(source, tmp_path), draws=2)
    copies = check_copies(written, source)
    assert len(copies[0].refusals) == 1
    lines = written.copies[1].read_text().splitlines()
    kept = [line for line in LONG.splitlines() if not line.endswith(";")]
    assert [line for line in lines if line in kept] == kept
    assert lines[3].startswith("002;young;trust;") and lines[3][-1] in "123"
    assert {line.split(";")[1] for line in lines[7:] if line.startswith("001")} == {"old"}


WIDE_COLUMNS = {
    "id": [1, 2, 3],
    "age": ["old", None, "old"],
    "trust": [1, None, -9],
    "drink": pd.Categorical(["Coffee", None, "Nothing"]),
    "police": [0.5, None, 70],
}
LONG_COLUMNS = {
    "id": [1, 1, 2, 3],
    "age": ["old", "old", None, "old"],
    "question": ["trust", "police", "trust", "trust"],
    "answer": [1.0, 20, None, -9],
}


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_parquet_keeps_columns_and_types(tmp_path: Path, layout: str) -> None:
    pd.DataFrame(WIDE_COLUMNS if layout == "wide" else LONG_COLUMNS).to_parquet(tmp_path / "answers.parquet")
    asked = ["trust", "drink", "police"] if layout == "wide" else ["trust", "police"]
    book = CODEBOOK | {"layout": layout, "questions": {name: QUESTIONS[name] for name in asked}}
    (tmp_path / "answers.codebook.yaml").write_text(yaml.safe_dump(book))
    source = tmp_path / "answers.parquet"
    written = impute_run(fitted(source, tmp_path), draws=2)
    check_copies(written, source)
    assert pq.read_schema(written.copies[0]).equals(pq.read_schema(source), check_metadata=True)


def test_opinionqa_and_saved_surveys_come_back_as_they_are_read(tmp_path: Path) -> None:
    source = write_opinionqa(tmp_path)
    written = impute_run(fitted(source, tmp_path), draws=2)
    assert written.cells == 1  # others were not in the wave
    check_copies(written, source)
    saved = tmp_path / "saved"
    write_survey(simulate(40), saved)
    check_copies(impute_run(fitted(saved, tmp_path / "b"), draws=1), saved)


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_labelled_files_keep_their_labels(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"answers{suffix}"
    table = pd.DataFrame({"person": [1.0, 2, 3, 4], "trust": [1.0, np.nan, 3, 2], "drink": [1.0, 2, np.nan, 2]})
    labels = {"trust": {1.0: "Never", 2.0: "Sometimes", 3.0: "Always"}, "drink": {1.0: "Tea", 2.0: "Coffee"}}
    write = pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav
    write(table, source, column_labels=["Who", "Trust?", "Drink?"], variable_value_labels=labels)
    (tmp_path / "answers.codebook.yaml").write_text("respondent: person")
    written = impute_run(fitted(source, tmp_path), draws=2)
    assert (written.own_format, written.cells) == (True, 2)
    check_copies(written, source)
    read = pyreadstat.read_dta if suffix == ".dta" else pyreadstat.read_sav
    (before, about), (after, now) = read(source), read(written.copies[0])
    for said in ("column_names_to_labels", "variable_value_labels", "original_variable_types", "missing_ranges"):
        assert getattr(now, said) == getattr(about, said)
    pd.testing.assert_frame_equal(after.where(before.notna()), before)


def test_refusals_stay_unless_asked_for_and_questions_can_be_chosen(tmp_path: Path) -> None:
    source = write_table(tmp_path)
    run = fitted(source, tmp_path)
    kept = impute_run(run, draws=1, out=tmp_path / "kept")
    assert len(read_survey(kept.copies[0], codebook=tmp_path / "drinks.codebook.yaml").refusals) == 1
    with_refusals = impute_run(run, draws=1, out=tmp_path / "all", refusals=True)
    assert with_refusals.cells == kept.cells + 1
    assert not len(read_survey(with_refusals.copies[0], codebook=tmp_path / "drinks.codebook.yaml").refusals)
    with pytest.raises(SurveyError, match="nothing to fill"):
        impute_run(run, draws=1, out=tmp_path / "none", questions=["drink"])
    with pytest.raises(UnknownNameError, match="did you mean 'drink'"):
        impute_run(run, draws=1, out=tmp_path / "none", questions=["drnk"])


def test_what_cannot_be_written_becomes_a_wide_csv(tmp_path: Path) -> None:
    survey, run = simulate(40), Run.create(tmp_path / "run")
    fit_run(run, survey, embedder="factorization", personas=1, settings=EVERYTHING)
    note_source(run, ["simulated"], None)
    written = impute_run(run, draws=1)
    assert not written.own_format
    table = pd.read_csv(written.copies[0], keep_default_na=False)
    assert (table[[q.id for q in survey.questions]] == "").sum().sum() == len(survey.refusals)


def test_a_changed_moved_or_unknown_source_is_refused(tmp_path: Path) -> None:
    source = write_table(tmp_path)
    run = fitted(source, tmp_path)
    moved = tmp_path / "moved.csv"
    source.rename(moved)
    with pytest.raises(RunError, match=r"no longer at .* give --source"):
        impute_run(run)
    (tmp_path / "drinks.codebook.yaml").rename(tmp_path / "moved.codebook.yaml")
    assert len(impute_run(run, source=moved).copies) == 5
    with pytest.raises(RunError, match="not empty"):
        impute_run(run, source=moved)
    moved.write_text(moved.read_text().replace("Tea", "Coffee"))
    with pytest.raises(RunError, match="is not as it was when the run was fitted"):
        impute_run(run, source=moved, out=tmp_path / "new")
    run.note("survey", {})
    with pytest.raises(RunError, match="does not say where its survey was read from"):
        impute_run(run, out=tmp_path / "new")


def test_an_interrupted_imputation_leaves_nothing_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_table(tmp_path)
    run = fitted(source, tmp_path)
    before = sorted(run.folder.iterdir())

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Imputation, "table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        impute_run(run, draws=2)
    assert sorted(run.folder.iterdir()) == before
    monkeypatch.undo()
    check_copies(impute_run(run, draws=2), source)


def test_a_codebook_is_looked_for_beside_a_moved_source_or_taken_as_given(tmp_path: Path) -> None:
    source, (there, elsewhere) = write_table(tmp_path), (tmp_path / "there", tmp_path / "elsewhere")
    old = tmp_path / "drinks.codebook.yaml"
    run = Run.create(tmp_path / "run")
    fit_run(run, read_survey(source), embedder="factorization", personas=1, settings=EVERYTHING)
    note_source(run, [str(source)], old)
    for folder in (there, elsewhere):
        folder.mkdir()
    moved = source.rename(there / source.name)
    book = old.rename(there / old.name)
    assert len(impute_run(run, draws=1, out=tmp_path / "a", source=moved).copies) == 1
    book = book.rename(elsewhere / "book.yaml")
    with pytest.raises(SurveyError, match="there is no codebook"):
        impute_run(run, draws=1, out=tmp_path / "b", source=moved)
    assert len(impute_run(run, draws=1, out=tmp_path / "b", source=moved, codebook=book).copies) == 1


def test_questions_the_run_held_out_are_left(tmp_path: Path) -> None:
    source = tmp_path / "saved"
    write_survey(survey := simulate(60), source)
    run = Run.create(tmp_path / "run")
    fit_run(run, survey, embedder="factorization", personas=1, settings=replace(EVERYTHING, held_out_questions=0.2))
    note_source(run, [str(source)], None)
    written = impute_run(run, draws=1)
    assert len(written.questions_left) == 12
    (copy,) = check_copies(written, source)
    index = [survey.question_index[name] for name in written.questions_left]
    assert not np.isin(copy.answers.question[len(survey.answers) :], index).any()


def test_the_guide_s_example_in_pandas_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "imputation.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", guide, flags=re.DOTALL)
    rng = np.random.default_rng(0)
    for draw in range(1, 6):
        drink = np.where(rng.random(400) < 0.3, "Tea", "Coffee")
        pd.DataFrame({"drink": drink}).to_csv(tmp_path / f"imputation-{draw}.csv", index=False)
    (tmp_path / "guide.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("guide.py")
    share, low, high = map(float, re.findall(r"\d\.\d+", capsys.readouterr().out))
    assert low < 0.3 < high and low < share < high < low + 0.25


def test_copies_are_not_written_through_a_link_out_of_the_run(tmp_path: Path) -> None:
    run = fitted(write_table(tmp_path), tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (run.folder / "imputation").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="leads out of the run folder"):
        impute_run(run, draws=1)
    assert not any((tmp_path / "elsewhere").iterdir())
